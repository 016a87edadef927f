/**
 * Waiting for a part to be fit to serve: asks again and again until it says yes.
 *
 * Parts have no event for "ready now", so this is the one place that polls. It knows nothing of
 * what is asked, and gives up with the last answer, which says what was wrong.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { messageOf } from '../failure.ts';
import { startMs } from '../patience.ts';

const pollMs = 50;

/** Resolves when `ask` does, to the same; rejects with its last complaint when that takes too long. */
export async function until<T>(ask: () => Promise<T>, patienceMs = startMs): Promise<T> {
  const givesUpAt = performance.now() + patienceMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() > givesUpAt) {
        throw new Error(`not ready after ${patienceMs / 1000} s: ${messageOf(error)}`, {
          cause: error,
        });
      }
    }
    await wait(pollMs);
  }
}
