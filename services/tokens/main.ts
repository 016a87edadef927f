/** Starts an instance of the tokens service. */
import { runService } from '@microflack/common/service.ts';
import { tokens } from './service.ts';

await runService(tokens);
