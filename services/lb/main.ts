/** Starts the balancer. */
import { runService } from '@microflack/common/service.ts';
import { lb } from './service.ts';

await runService(lb);
