/**
 * Begins things at an even pace, however long each takes: an open loop, so that a service that stalls is not spared the
 * requests that arrive meanwhile. Late turns are made good at once.
 */
import { setTimeout as pause } from 'node:timers/promises';

/** Resolves when the signal was aborted; what was begun may still be under way. */
export async function atPace(
  perSecond: number,
  begin: (turn: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const beganAt = performance.now();
  for (let turn = 0; !signal.aborted; turn += 1) {
    const earlyMs = beganAt + (turn * 1_000) / perSecond - performance.now();
    if (earlyMs > 0) await pause(earlyMs, undefined, { signal }).catch(() => {});
    if (!signal.aborted) begin(turn);
  }
}
