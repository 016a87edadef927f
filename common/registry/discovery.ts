/**
 * Where the instances of a service are, and by which policy to choose, from memory: http/client.ts
 * asks before every call.
 *
 * The first question about a service starts a watch of it, which keeps the answer up to date from
 * then on. While Consul is away the last known instances stay.
 */
import type Consul from 'consul';
import type { Instance } from './instances.ts';
import type { TrafficPolicy } from './policy.ts';
import { type WatchOptions, watchPolicies, watchService } from './watch.ts';

export interface Discovery {
  /** Waits up to `waitMs` for the registry's first answer about a service, and never after that. */
  resolve(service: string, waitMs: number): Promise<Resolved>;
  /** Calls back with the ids of all that can still be resolved, whenever that has changed. */
  onChange(listener: (ids: ReadonlySet<string>) => void): void;
}

export interface Resolved {
  instances: readonly Instance[];
  policy: TrafficPolicy | undefined;
}

interface Known {
  instances: readonly Instance[];
  /** Resolves with the first answer. */
  first: Promise<void>;
}

export function createDiscovery(consul: Consul, options: WatchOptions): Discovery {
  const services = new Map<string, Known>();
  const listeners: ((ids: ReadonlySet<string>) => void)[] = [];
  let policies: ReadonlyMap<string, TrafficPolicy> = new Map();
  let firstPolicies: Promise<void> | undefined;

  const tell = () => {
    const all = [...services.values()].flatMap(({ instances }) => instances);
    const ids = new Set(all.map(({ id }) => id));
    for (const listener of listeners) listener(ids);
  };
  const follow = (service: string): Known => {
    const { promise: first, resolve } = Promise.withResolvers<void>();
    const known: Known = { instances: [], first };
    services.set(service, known);
    const learn = (instances: readonly Instance[]) => {
      known.instances = fit(instances);
      resolve();
      tell();
    };
    watchService(consul, service, learn, options);
    return known;
  };

  const followPolicies = (): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const learn = (known: ReadonlyMap<string, TrafficPolicy>) => {
      policies = known;
      resolve();
    };
    watchPolicies(consul, learn, options);
    return promise;
  };

  return {
    async resolve(service, waitMs) {
      const known = services.get(service) ?? follow(service);
      firstPolicies ??= followPolicies();
      if (known.instances.length === 0) {
        await within(Promise.all([known.first, firstPolicies]), waitMs);
      }
      return { instances: known.instances, policy: policies.get(service) };
    },
    onChange(listener) {
      listeners.push(listener);
    },
  };
}

/**
 * The healthy ones; but where none is, they may only be slow, and to ask one is better than to
 * refuse.
 */
function fit(instances: readonly Instance[]): readonly Instance[] {
  const healthy = instances.filter((instance) => instance.healthy);
  return healthy.length > 0 ? healthy : instances;
}

async function within(promise: Promise<unknown>, ms: number): Promise<void> {
  const { promise: timeUp, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([promise, timeUp]);
  clearTimeout(timer);
}
