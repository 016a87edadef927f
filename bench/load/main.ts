/**
 * A load process: takes one job from its parent, does it, answers with the figures and ends. It is a
 * process of its own so that what it costs does not sit in the event loop of what is measured.
 */

import type { Latencies } from '../percentiles.ts';
import { fanOut } from './fan-out.ts';
import { inserts } from './inserts.ts';
import { type Job, job } from './job.ts';
import { posts } from './posts.ts';
import { reads } from './reads.ts';
import { signIns } from './sign-ins.ts';

function work(asked: Job): Promise<Latencies> {
  switch (asked.kind) {
    case 'posts':
      return posts(asked);
    case 'reads':
      return reads(asked);
    case 'sign-ins':
      return signIns(asked);
    case 'inserts':
      return inserts(asked);
    case 'fan-out':
      return fanOut(asked);
  }
}

process.once('message', async (message) => {
  process.send?.(await work(job.parse(message)));
  process.disconnect();
});
