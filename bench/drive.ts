/**
 * Keeps a number of lanes busy for a time: each lane does one thing after the other and notes how long
 * it took. What happens while warming up is not counted. The first failure ends it: a figure with
 * failures in it would mean nothing.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type Latencies, summarise } from './percentiles.ts';

export interface Load {
  lanes: number;
  warmUpMs: number;
  measureMs: number;
  /** At this pace in all lanes together; without it each goes as fast as it can. */
  perSecond?: number;
}

export async function drive(
  load: Load,
  once: (lane: number, turn: number) => Promise<unknown>,
): Promise<Latencies> {
  const latenciesMs: number[] = [];
  const beganAt = performance.now();
  const countFrom = beganAt + load.warmUpMs;
  const endAt = countFrom + load.measureMs;

  async function keepBusy(lane: number): Promise<void> {
    for (let turn = 0; performance.now() < endAt; turn += 1) {
      const earlyMs = beganAt + dueMs(load, lane, turn) - performance.now();
      if (earlyMs > 0) await pause(earlyMs);
      const startedAt = performance.now();
      await once(lane, turn);
      if (startedAt >= countFrom) latenciesMs.push(performance.now() - startedAt);
    }
  }

  await Promise.all(Array.from({ length: load.lanes }, (_, lane) => keepBusy(lane)));
  return summarise(latenciesMs, performance.now() - countFrom);
}

/** How often it was done, with the warming up. */
export function doneIn({ warmUpMs, measureMs }: Load, { perSecond }: Latencies): number {
  return (perSecond * (warmUpMs + measureMs)) / 1_000;
}

/** When a lane's turn is due, from the beginning: lanes take turns at an even pace. */
function dueMs({ lanes, perSecond }: Load, lane: number, turn: number): number {
  return perSecond === undefined ? 0 : ((turn * lanes + lane) * 1_000) / perSecond;
}
