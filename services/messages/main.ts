/** Starts an instance of the messages service. */
import { runService } from '@microflack/common/service.ts';
import { messages } from './service.ts';

await runService(messages);
