/**
 * Milliseconds of the machine's clock that nobody sets: the same in all threads, unlike performance.now(), which
 * counts from each one's start.
 */
export const uptimeMs = (): number => Number(process.hrtime.bigint() / 1_000_000n);
