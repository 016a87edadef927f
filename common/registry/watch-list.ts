/**
 * The loop under every watch of Consul: asks, believes or doubts, tells what is new. watch.ts runs
 * it.
 *
 * How Consul's blocking queries have to be used; each of these was seen to go wrong:
 * - after any error, and when the index went back, start again from index 0;
 * - wait at most 10 s a query (consul.ts);
 * - a service that does not exist is answered at once: an answer without news is followed by a
 *   pause.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '../log.ts';
import { backoffMs, pause } from '../pause.ts';
import type { BlockingQuery } from './consul.ts';
import { afterAnswer, afterError, type Belief, isInDoubt, noBelief } from './last-known-good.ts';

/** From one question without news to the next; an answer that took longer needs no pause. */
const noNewsIntervalMs = 250;
const maxRetryMs = 2_000;
/** Asks for the present state instead of the next change. */
const startIndex = '0';

export interface ListWatch<T> {
  signal: AbortSignal;
  log: Logger;
  what: string;
  /** In the order of ids. */
  remembered?: readonly T[];
  query: BlockingQuery;
  parse(body: unknown): T[];
  onChange(known: readonly T[]): void;
}

export async function watchList<T extends { id: string }>(watch: ListWatch<T>): Promise<void> {
  const { signal, log, what, onChange, remembered = [] } = watch;
  // A start is in doubt as an error is; where nothing is remembered, the first answer ends it.
  let belief: Belief<T> = afterError({ ...noBelief<T>(), known: remembered }, performance.now());
  let told: readonly T[] | undefined;
  let index = startIndex;
  let failures = 0;

  while (!signal.aborted) {
    const askedAt = performance.now();
    const answer = await ask(watch, index);
    if (signal.aborted) return;
    if ('error' in answer) {
      if (failures === 0)
        log.warn({ event: 'registry.lost', what, err: answer.error }, 'no answer');
      belief = afterError(belief, performance.now());
      index = startIndex;
      await pause(backoffMs(failures, maxRetryMs), signal);
      failures += 1;
      continue;
    }
    if (failures > 0) log.info({ event: 'registry.back', what }, 'registry answers again');
    failures = 0;
    const wentBack = BigInt(answer.index) < BigInt(index);
    if (wentBack) belief = afterError(belief, performance.now());
    belief = afterAnswer(belief, answer.list, performance.now());
    // In doubt we ask without waiting: when the doubt is over, the answer must be looked at once
    // more.
    const doubting = isInDoubt(belief, performance.now());
    index = wentBack || doubting ? startIndex : answer.index;
    if (isDeepStrictEqual(belief.known, told)) {
      await pause(Math.max(0, askedAt + noNewsIntervalMs - performance.now()), signal);
    } else {
      told = belief.known;
      onChange(told);
    }
  }
}

async function ask<T>(
  { query, parse, signal }: Pick<ListWatch<T>, 'query' | 'parse' | 'signal'>,
  index: string,
): Promise<{ index: string; list: T[] } | { error: unknown }> {
  try {
    const answer = await query(index, signal);
    return { index: answer.index, list: parse(answer.body) };
  } catch (error) {
    return { error };
  }
}
