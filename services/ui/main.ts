/** Starts an instance of the ui service. */
import { runService } from '@microflack/common/service.ts';
import { ui } from './service.ts';

await runService(ui);
