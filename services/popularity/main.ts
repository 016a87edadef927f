/** Starts an instance of the popularity service. */
import { runService } from '@microflack/common/service.ts';
import { popularity } from './service.ts';

await runService(popularity);
