/**
 * How many retries a process may add to its calls, so that an outage is not made worse by them.
 *
 * Each call earns a tenth of a retry; a small reserve lets the first failures be retried at once.
 * With everything failing, retries add a tenth to the load and not two thirds. Pure but for its one
 * number.
 */

/** Retries earned per call. */
const ratio = 0.1;
const reserve = 10;

export interface RetryBudget {
  /** To be told of every call that is not itself a retry. */
  earn(): void;
  /** Takes one retry out, if there is one left. */
  spend(): boolean;
}

export function createRetryBudget(): RetryBudget {
  let tokens = reserve;
  return {
    earn() {
      tokens = Math.min(reserve, tokens + ratio);
    },
    spend() {
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
