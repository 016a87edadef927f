/** Starts an instance of the users service. */
import { runService } from '@microflack/common/service.ts';
import { users } from './service.ts';

await runService(users);
