/**
 * Which instance takes the next call: the power of two choices, by requests in flight.
 *
 * Two drawn at random, and the less busy one of them: nearly as even as asking all, and without the
 * herd that follows when every caller picks the same least busy one.
 */

export interface Candidate {
  inFlight: number;
  /** Its breaker is closed, or has been open for long enough that one call may try it. */
  available: boolean;
}

/** Undefined only where there is no candidate, or none whose breaker lets a call through. */
export function choose<T extends Candidate>(
  candidates: readonly T[],
  random: () => number = Math.random,
): T | undefined {
  const available = candidates.filter((candidate) => candidate.available);
  const first = Math.floor(random() * available.length);
  // Of the others, so that both are never the same one.
  const second = (first + 1 + Math.floor(random() * (available.length - 1))) % available.length;
  const [a, b] = [available[first], available[second]];
  if (!a || !b) return a;
  return b.inFlight < a.inFlight ? b : a;
}
