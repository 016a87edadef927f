/** Starts an instance of the socketio service; what it does is in service.ts. */
import { runService } from '@microflack/common/service.ts';
import { socketio } from './service.ts';

await runService(socketio);
