/** Figures from many latencies: how many a second, and how long most of them took. Pure. */
export interface Latencies {
  count: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
}

export function summarise(latenciesMs: readonly number[], elapsedMs: number): Latencies {
  const sorted = Float64Array.from(latenciesMs).sort();
  return {
    count: sorted.length,
    perSecond: (sorted.length / elapsedMs) * 1_000,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
  };
}

/** The nearest rank: a value that was measured, never one in between. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
