/** Waiting, for loops that run until a signal ends them: retries, watches, regular work. */

/** Resolves after `ms`, or as soon as the signal is aborted: the loop around it asks the signal. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}

/**
 * 100, 200, 400 … up to `maxMs`, each up to a quarter longer so that many do not come back in step.
 */
export function backoffMs(failures: number, maxMs: number, random = Math.random): number {
  return Math.min(maxMs, 100 * 2 ** failures) * (1 + random() / 4);
}
