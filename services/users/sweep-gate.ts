/**
 * When leases may be called over. They end by the wall clock, which all instances share; a laptop that slept, or
 * somebody who set the clock, would end them all at once.
 *
 * Beside it runs a clock that nobody sets: where the two disagree, the wall clock has leapt, and every holder
 * gets the length of a lease to say that it is still there.
 */
import { uptimeMs } from './uptime.ts';

/** Clocks are put right by less than this all the time. */
const leapMs = 1_000;

interface Clocks {
  wallMs: () => number;
  uptimeMs: () => number;
}

export function createSweepGate(
  leaseMs: number,
  { wallMs, uptimeMs: uptime }: Clocks = { wallMs: Date.now, uptimeMs },
): () => boolean {
  let difference = wallMs() - uptime();
  let closedUntil = Number.NEGATIVE_INFINITY;
  return () => {
    const now = uptime();
    const before = difference;
    difference = wallMs() - now;
    if (Math.abs(difference - before) > leapMs) closedUntil = now + leaseMs;
    return now >= closedUntil;
  };
}
