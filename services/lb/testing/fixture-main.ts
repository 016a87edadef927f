/** An instance in a process of its own, for tests that kill it. */
import { runService } from '@microflack/common/service.ts';
import { fixture } from './fixture.ts';

await runService(fixture('popularity', { route: '/api/popularity' }));
