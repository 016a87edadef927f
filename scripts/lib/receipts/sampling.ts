/**
 * Looks at HAProxy and at instances all through a command's work, and says at its end what they
 * counted. recorder.ts starts it before the work.
 *
 * Evidence never gets in the way: whoever does not answer leaves a gap that the receipt tells of.
 * Nothing is asked of those who serve but what they have counted anyway.
 */
import { pause } from '@microflack/common/pause.ts';
import { haproxyPaths } from '../parts/haproxy.ts';
import type { Stack } from '../stack.ts';
import { createTally, type Tally } from './haproxy-counters.ts';
import { lookAtHaproxy } from './haproxy-look.ts';
import { type InstanceWatch, watchInstances } from './instance-watch.ts';

const betweenLooksMs = 250;

export interface Evidence {
  haproxy: Tally;
  instances: InstanceWatch;
  /** Looks at HAProxy that it did not answer. */
  missed: number;
}

export async function startSampling(
  stack: Stack,
  service: string,
): Promise<{ finish(): Promise<Evidence> }> {
  const evidence: Evidence = {
    haproxy: createTally(),
    instances: watchInstances(stack, service),
    missed: 0,
  };
  const over = new AbortController();
  const look = async () => {
    // HAProxy's absence may be what the work is about.
    const missed = () => {
      evidence.missed += 1;
    };
    await Promise.all([
      lookAtHaproxy(haproxyPaths(stack).masterSocket, evidence.haproxy).catch(missed),
      evidence.instances.look(),
    ]);
  };
  const goOn = async () => {
    while (!over.signal.aborted) {
      await pause(betweenLooksMs, over.signal);
      await look();
    }
  };
  await look();
  const ended = goOn();
  return {
    async finish() {
      over.abort();
      await ended;
      await look();
      return evidence;
    },
  };
}
