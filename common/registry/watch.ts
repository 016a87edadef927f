/**
 * Watches Consul: who is there, told at once when it changes. Discovery (for calls between
 * services) and the balancer (for HAProxy) both stand on this, and on nothing else, to know the
 * instances.
 *
 * watchService(consul, 'messages', (instances) => …, { signal, log }) watchCatalog(consul,
 * (byService) => …, { signal, log })
 *
 * The listener is called with everything that is known, first when the first answer has come, then
 * whenever it differs. Right after an error nothing is taken away from it (last-known-good.ts). A
 * watch never fails and never ends by itself: abort the signal.
 */
import type Consul from 'consul';
import { z } from 'zod';
import type { Logger } from '../log.ts';
import { catalogQuery, folderQuery, serviceQuery } from './consul.ts';
import { type Instance, parseInstances } from './instances.ts';
import { policyFolder, policySchema, serviceOfKey, type TrafficPolicy } from './policy.ts';
import { watchList } from './watch-list.ts';

export interface WatchOptions {
  signal: AbortSignal;
  log: Logger;
}

/** Each takes a connection for as long as it is watched, and Consul allows 200 for one address. */
const maxWatchedServices = 100;

const serviceNames = z.record(z.string(), z.unknown()).transform((body) => Object.keys(body));

export interface InstanceWatchOptions extends WatchOptions {
  /** Known from before a restart: believed as what is known is after an error. */
  remembered?: readonly Instance[];
}

export interface PolicyWatchOptions extends WatchOptions {
  remembered?: ReadonlyMap<string, TrafficPolicy>;
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

/**
 * All instances of all services but Consul's own, by service. Told only once each of them is known.
 */
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

export interface PolicyFault {
  service: string;
  reason: string;
}

/**
 * The traffic policies of all services. Only a word of Consul's ends one (`null` in its place): one
 * that is merely not there any more, in a Consul that was wiped, goes on as it was.
 *
 * Told first when the first answer has come; or when there was none, with what is remembered.
 */
export function watchPolicies(
  consul: Consul,
  onChange: (policies: ReadonlyMap<string, TrafficPolicy>, faults: readonly PolicyFault[]) => void,
  { signal, log, remembered = new Map() }: PolicyWatchOptions,
): void {
  const known = new Map(remembered);
  const query = folderQuery(consul, policyFolder);
  let told = false;
  void watchList({
    signal,
    log,
    what: 'traffic policies',
    async query(index, signal) {
      try {
        return await query(index, signal);
      } catch (error) {
        // Nobody is kept waiting for what a Consul that is away might say.
        if (!told) onChange(new Map(known), []);
        told = true;
        throw error;
      }
    },
    parse: parsePolicies,
    onChange(entries) {
      for (const { id, policy } of entries) {
        if (policy) known.set(id, policy);
        else if (policy === null) known.delete(id);
      }
      told = true;
      onChange(
        new Map(known),
        entries.flatMap(({ id, fault }) => (fault ? [{ service: id, reason: fault }] : [])),
      );
    },
  });
}

interface PolicyEntry {
  /** The service. */
  id: string;
  /** null: there is none. Undefined: what is there is none. */
  policy?: TrafficPolicy | null;
  fault?: string;
}

const keyValues = z.array(z.object({ Key: z.string(), Value: z.string().nullable() })).default([]);

/** In the order of ids. What somebody wrote by hand and got wrong changes nothing. */
export function parsePolicies(body: unknown): PolicyEntry[] {
  return keyValues
    .parse(body)
    .map(({ Key, Value }) => {
      const id = serviceOfKey(Key);
      const { data, error } = policyText.safeParse(Value);
      return error
        ? { id, fault: `the traffic policy is not understood: ${z.prettifyError(error)}` }
        : { id, policy: data };
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

const policyText = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue('expected JSON');
      return z.NEVER;
    }
  })
  .pipe(policySchema.nullable());

/** Of too many services, those that are watched already go first; the second list is left out. */
export function chooseWatched(
  services: readonly { id: string }[],
  watched: ReadonlyMap<string, unknown>,
): [chosen: string[], left: string[]] {
  const ids = services.map(({ id }) => id);
  const byRight = ids.toSorted((a, b) => Number(watched.has(b)) - Number(watched.has(a)));
  return [byRight.slice(0, maxWatchedServices), byRight.slice(maxWatchedServices)];
}
