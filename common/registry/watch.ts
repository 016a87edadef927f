/**
 * Watches Consul: who is there, told at once when it changes. Discovery (for calls between services)
 * and the balancer (for HAProxy) both stand on this, and on nothing else, to know the instances.
 *
 *   watchService(consul, 'messages', (instances) => …, { signal, log })
 *   watchCatalog(consul, (byService) => …, { signal, log })
 *
 * The listener is called with everything that is known, first when the first answer has come, then
 * whenever it differs. Right after an error nothing is taken away from it (last-known-good.ts). A watch
 * never fails and never ends by itself: abort the signal.
 *
 * How Consul's blocking queries have to be used (each of these was seen to go wrong):
 * - after any error, and when the index went back, start again from index 0;
 * - wait at most 10 s a query;
 * - a service that does not exist is answered at once: an answer without news is followed by a pause.
 */
import { isDeepStrictEqual } from 'node:util';
import type Consul from 'consul';
import { z } from 'zod';
import type { Logger } from '../log.ts';
import { backoffMs, pause } from '../pause.ts';
import { type BlockingQuery, catalogQuery, serviceQuery } from './consul.ts';
import { type Instance, parseInstances } from './instances.ts';
import { afterAnswer, afterError, type Belief, isInDoubt, noBelief } from './last-known-good.ts';

export interface WatchOptions {
  signal: AbortSignal;
  log: Logger;
}

/** Between two answers that said the same; what changes meanwhile is told this much later. */
const noNewsPauseMs = 250;
const maxRetryMs = 2_000;
/** Asks for the present state instead of the next change. */
const startIndex = '0';
/** Each takes a connection for as long as it is watched, and Consul allows 200 for one address. */
const maxWatchedServices = 100;

const serviceNames = z.record(z.string(), z.unknown()).transform((body) => Object.keys(body));

export interface InstanceWatchOptions extends WatchOptions {
  /** Known from before a restart: believed as what is known is after an error. */
  remembered?: readonly Instance[];
}

/** All instances of one service, healthy or not. */
export function watchService(
  consul: Consul,
  service: string,
  onChange: (instances: readonly Instance[]) => void,
  options: InstanceWatchOptions,
): void {
  const query = serviceQuery(consul, service);
  void watchList({ ...options, what: service, query, parse: parseInstances, onChange });
}

/** All instances of all services but Consul's own, by service. Told only once each of them is known. */
export function watchCatalog(
  consul: Consul,
  onChange: (byService: ReadonlyMap<string, readonly Instance[]>) => void,
  { signal, log, remembered = [] }: InstanceWatchOptions,
): void {
  const before = Map.groupBy(remembered, ({ service }) => service);
  const watched = new Map<string, AbortController>();
  const known = new Map<string, readonly Instance[]>();
  let names: readonly string[] = [];

  const tell = () => {
    if (names.every((name) => known.has(name))) onChange(new Map(known));
  };
  const follow = (name: string) => {
    const end = new AbortController();
    watched.set(name, end);
    const learn = (instances: readonly Instance[]) => {
      known.set(name, instances);
      tell();
    };
    watchService(consul, name, learn, {
      log,
      signal: AbortSignal.any([signal, end.signal]),
      remembered: before.get(name) ?? [],
    });
    before.delete(name);
  };
  const forget = (name: string) => {
    watched.get(name)?.abort();
    watched.delete(name);
    known.delete(name);
  };

  void watchList({
    signal,
    log,
    what: 'catalog',
    remembered: [...before.keys()].sort().map((id) => ({ id })),
    query: catalogQuery(consul),
    parse: (body) =>
      serviceNames
        .parse(body)
        .filter((name) => name !== 'consul')
        .sort()
        .map((id) => ({ id })),
    onChange(services) {
      const [chosen, left] = chooseWatched(services, watched);
      if (left.length > 0) log.error({ event: 'registry.overfull', left }, 'too many services');
      names = chosen;
      for (const name of watched.keys()) if (!names.includes(name)) forget(name);
      for (const name of names) if (!watched.has(name)) follow(name);
      tell();
    },
  });
}

/** Of too many services, those that are watched already go first; the second list is left out. */
export function chooseWatched(
  services: readonly { id: string }[],
  watched: ReadonlyMap<string, unknown>,
): [chosen: string[], left: string[]] {
  const ids = services.map(({ id }) => id);
  const byRight = ids.toSorted((a, b) => Number(watched.has(b)) - Number(watched.has(a)));
  return [byRight.slice(0, maxWatchedServices), byRight.slice(maxWatchedServices)];
}

export interface ListWatch<T> extends WatchOptions {
  what: string;
  /** In the order of ids. */
  remembered?: readonly T[];
  query: BlockingQuery;
  parse(body: unknown): T[];
  onChange(known: readonly T[]): void;
}

/** The loop under both: asks, believes or doubts, tells what is new. Exported for its tests. */
export async function watchList<T extends { id: string }>(watch: ListWatch<T>): Promise<void> {
  const { signal, log, what, onChange, remembered = [] } = watch;
  // A start is in doubt as an error is; where nothing is remembered, the first answer ends it.
  let belief: Belief<T> = afterError({ ...noBelief<T>(), known: remembered }, performance.now());
  let told: readonly T[] | undefined;
  let index = startIndex;
  let failures = 0;

  while (!signal.aborted) {
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
    // In doubt we ask without waiting: when the doubt is over, the answer must be looked at once more.
    const doubting = isInDoubt(belief, performance.now());
    index = wentBack || doubting ? startIndex : answer.index;
    if (isDeepStrictEqual(belief.known, told)) {
      await pause(noNewsPauseMs, signal);
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
