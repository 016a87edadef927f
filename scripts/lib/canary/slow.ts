/**
 * What counts as slow, decided by the old version's own times. Pure; sequential.ts asks before each
 * block, with the times from before it.
 *
 * A version that is slower by a factor has as many requests beyond a bound as the old one has beyond
 * the bound divided by it. The bound that tells best is the one with the most requests in between.
 * Nothing is slow that nobody notices: where nearly all requests are quicker than that, it is only
 * asked whether more of them are noticed. (Measured: an instance that gets a tenth of what its
 * neighbour gets takes 2.7 ms where that one takes 1.8, being the same release.)
 */

/** Places in the list of bounds: one for the new version, and which one for the old is harm. */
export interface Choice {
  bound: number;
  /** The lowest bound that is not below `bound` divided by the factor; `bound` where that is not asked. */
  before: number;
  /** How many more of all requests beyond the bounds are harm. */
  harm: number;
}

/** In a chat, with a network between people and us. */
export const noticedSeconds = 0.01;
const moreNoticed = 0.1;
/** Below this, the factor can hardly be told. */
const enoughBetween = 0.15;
/** Bounds that are meant to be the factor apart were rounded to three digits. */
const rounding = 0.01;
const leastKnown = 20;

/** Undefined while little is known, or where the bounds are too far apart to tell the factor. */
export function chooseBound(
  latency: readonly number[],
  boundsSeconds: readonly number[],
  factor: number,
): Choice | undefined {
  const all = slowerThan(latency, -1);
  if (all < leastKnown) return undefined;
  const noticed = boundsSeconds.findIndex((seconds) => seconds >= noticedSeconds);
  let best: Choice | undefined;
  let most = 0;
  for (let bound = Math.max(0, noticed); bound < boundsSeconds.length; bound += 1) {
    const before = placeBefore(boundsSeconds, bound, factor);
    const between = slowerThan(latency, before) - slowerThan(latency, bound);
    if (between > most) {
      most = between;
      best = { bound, before, harm: 0 };
    }
  }
  const isKnown = (boundsSeconds[noticed] ?? Infinity) <= noticedSeconds * factor;
  const isQuick = isKnown && slowerThan(latency, noticed) < all / 2;
  if (isQuick && most < enoughBetween * all) {
    return { bound: noticed, before: noticed, harm: moreNoticed };
  }
  return best;
}

function placeBefore(boundsSeconds: readonly number[], bound: number, factor: number): number {
  const least = ((boundsSeconds[bound] ?? 0) / factor) * (1 - rounding);
  let before = bound;
  while (before > 0 && (boundsSeconds[before - 1] ?? 0) >= least) before -= 1;
  return before;
}

/** How many took longer than the bound at this place; all of them for -1. */
export function slowerThan(latency: readonly number[], place: number): number {
  let sum = 0;
  for (let at = place + 1; at < latency.length; at += 1) sum += latency[at] ?? 0;
  return sum;
}
