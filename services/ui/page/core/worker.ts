/**
 * A worker does one thing after another, never two at once: a step says in how many milliseconds the next is due, or nothing
 * when it may sleep until it is woken. A step that throws is repeated, after longer and longer pauses. What fetches,
 * sends and renews in this page are workers. Refuses to let a wake-up cut a pause after a failure short: only `hurry` does,
 * for when circumstances have changed, and it leaves a moment, so that nothing that fails is ever repeated at once.
 */
import { ApiError } from './api.ts';
import { pauseAfter } from './outbox.ts';
import { uptimeMs } from './uptime.ts';

export interface Worker {
  wake(inMs?: number): void;
  hurry(): void;
  stop(): void;
}

/** The least pause after a failure, whatever happens. */
export const breathMs = 1000;

export function createWorker(step: () => Promise<number | undefined>): Worker {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let dueAt = Number.POSITIVE_INFINITY;
  let running = false;
  let wokenMeanwhile = Number.POSITIVE_INFINITY;
  let failures = 0;
  let failedAt = Number.NEGATIVE_INFINITY;
  let stopped = false;

  function schedule(inMs: number): void {
    const now = uptimeMs();
    const at = Math.max(now + inMs, failedAt + breathMs);
    if (stopped || at >= dueAt) return;
    clearTimeout(timer);
    dueAt = at;
    timer = setTimeout(run, at - now);
  }

  async function run(): Promise<void> {
    dueAt = Number.POSITIVE_INFINITY;
    running = true;
    wokenMeanwhile = Number.POSITIVE_INFINITY;
    let next: number | undefined;
    try {
      next = await step();
      failures = 0;
    } catch (error) {
      // An ApiError is the weather; anything else is a fault of ours and belongs in the console.
      if (!(error instanceof ApiError)) globalThis.reportError(error);
      failures += 1;
      failedAt = uptimeMs();
      next = pauseAfter(failures);
      wokenMeanwhile = Number.POSITIVE_INFINITY;
    }
    running = false;
    const due = Math.min(next ?? Number.POSITIVE_INFINITY, wokenMeanwhile);
    if (Number.isFinite(due)) schedule(due);
  }

  function wake(inMs = 0): void {
    if (running) wokenMeanwhile = Math.min(wokenMeanwhile, inMs);
    else if (failures === 0) schedule(inMs);
  }

  return {
    wake,
    hurry() {
      failures = 0;
      wake();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
