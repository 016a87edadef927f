/**
 * What counts as slow, decided by the old version's own times. Pure; sequential.ts asks before each
 * block, with the times from before it.
 *
 * A version that is slower by a factor has as many requests beyond a bound as the old one has beyond
 * the bound divided by it. The bound that tells best is the one with the most requests in between.
 */

/** Places in the list of bounds. */
export interface Choice {
  bound: number;
  /** The lowest bound that is not below `bound` divided by the factor. */
  before: number;
}

/** Bounds that are meant to be the factor apart were rounded to three digits. */
const rounding = 0.01;
const leastKnown = 20;

/** Undefined while little is known, or where the bounds are too far apart to tell the factor. */
export function chooseBound(
  latency: readonly number[],
  boundsSeconds: readonly number[],
  factor: number,
): Choice | undefined {
  if (slowerThan(latency, -1) < leastKnown) return undefined;
  let best: Choice | undefined;
  let [most, before, between] = [0, 0, 0];
  for (const [bound, seconds] of boundsSeconds.entries()) {
    if (bound > 0) between += latency[bound] ?? 0;
    // `between` is what lies above `before`, up to `bound`.
    while (before < bound && isBelow(boundsSeconds[before], seconds / factor)) {
      before += 1;
      between -= latency[before] ?? 0;
    }
    if (before < bound && between > most) {
      most = between;
      best = { bound, before };
    }
  }
  return best;
}

const isBelow = (bound: number | undefined, seconds: number) =>
  bound !== undefined && bound < seconds * (1 - rounding);

/** How many took longer than the bound at this place; all of them for -1. */
export function slowerThan(latency: readonly number[], place: number): number {
  let sum = 0;
  for (let at = place + 1; at < latency.length; at += 1) sum += latency[at] ?? 0;
  return sum;
}
