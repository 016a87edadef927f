/**
 * Milliseconds of the browser's clock that nobody sets: what waits goes by it, so that a laptop whose clock is put right
 * holds nothing up. What is shown to people goes by `Date.now()`.
 */
export const uptimeMs = (): number => performance.now();
