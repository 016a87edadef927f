/**
 * Brings HAProxy to what Consul wants, and keeps it there: the loop of the balancer. watch.ts feeds
 * it, turn.ts does the work.
 *
 * After a turn that changed something the next one looks whether it worked. So it makes no difference
 * who failed in the middle of what: lb, HAProxy or a command. Without news there is a turn every few
 * seconds all the same, in case somebody else has changed something.
 */
import { backoffMs, pause } from '@microflack/common/pause.ts';
import { createTurn, type Outcome, type TurnOptions } from './turn.ts';
import type { Told } from './watch.ts';

export interface Reconciler {
  /** What Consul says from now on. Nothing is done before the first call. */
  want(told: Told): void;
  /** Resolves when HAProxy has for the first time what is wanted. */
  settled: Promise<void>;
  /** Resolves when the signal was aborted and the last turn is over. */
  ended: Promise<void>;
}

const idlePauseMs = 5_000;
/** While something is under way: 10, 20, 40 … ms between two looks. */
const shortestPauseMs = 10;
const longestPauseMs = 1_000;
const maxRetryMs = 2_000;

export function reconcile(options: TurnOptions & { signal: AbortSignal }): Reconciler {
  const { log, signal } = options;
  const turn = createTurn(options);
  const settled = Promise.withResolvers<void>();
  let bell = new AbortController();
  let wanted: Told | undefined;
  let turnsSinceNews = 0;
  let failures = 0;

  /** Takes a turn, and returns how long to wait for the next. */
  const takeTurn = async (told: Told): Promise<number> => {
    try {
      const outcome = await turn(told);
      failures = 0;
      if (outcome !== 'changed') settled.resolve();
      return pauseAfter(outcome, turnsSinceNews++);
    } catch (error) {
      if (failures === 0) log.warn({ event: 'haproxy.behind', err: error }, 'will try again');
      return backoffMs(failures++, maxRetryMs);
    }
  };

  const run = async () => {
    while (!signal.aborted) {
      bell = new AbortController();
      const pauseMs = wanted ? await takeTurn(wanted) : idlePauseMs;
      await pause(pauseMs, AbortSignal.any([signal, bell.signal]));
    }
  };

  return {
    want(told) {
      wanted = told;
      turnsSinceNews = 0;
      bell.abort();
    },
    settled: settled.promise,
    ended: run(),
  };
}

function pauseAfter(outcome: Outcome, turnsSinceNews: number): number {
  if (outcome === 'done') return idlePauseMs;
  return Math.min(longestPauseMs, shortestPauseMs * 2 ** turnsSinceNews);
}
