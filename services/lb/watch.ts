/**
 * Consul → the registrations of all services and their traffic policies, told whenever they change.
 * service.ts hands them on to reconcile.ts.
 *
 * The watching itself, and what to believe after an error, is common's (registry/watch.ts). For that,
 * a restart of lb is an error like others: what HAProxy serves at that moment is believed until Consul
 * has had the time to hear from everybody.
 */
import type { Instance } from '@microflack/common/registry/instances.ts';
import {
  type WatchOptions,
  watchCatalog,
  watchPolicies,
} from '@microflack/common/registry/watch.ts';
import type Consul from 'consul';
import { instancesOf, type Model, type Policies } from './model.ts';
import { serviceIn } from './pools.ts';
import type { Fault } from './registration.ts';
import type { Running } from './running.ts';

/** What Consul says, as far as it is believed. */
export interface Told {
  instances: readonly Instance[];
  policies: Policies;
  /** Policies that could not be read. */
  faults: readonly Fault[];
}

/** Known from before a restart. */
export type Remembered = Pick<Told, 'instances' | 'policies'>;

/** Told only once both are known: instances without their policy would get what is not for them. */
export function watchConsul(
  consul: Consul,
  remembered: Remembered,
  onChange: (told: Told) => void,
  options: WatchOptions,
): void {
  let instances: Told['instances'] | undefined;
  let policies: Pick<Told, 'policies' | 'faults'> | undefined;
  const tell = () => {
    if (instances && policies) onChange({ instances, ...policies });
  };
  watchCatalog(
    consul,
    (byService) => {
      instances = [...byService.values()].flat();
      tell();
    },
    { ...options, remembered: remembered.instances },
  );
  watchPolicies(
    consul,
    (known, faults) => {
      policies = { policies: known, faults };
      tell();
    },
    { ...options, remembered: remembered.policies },
  );
}

/** Of what the memory holds, that which HAProxy still has: the rest is from before the stack was stopped. */
export function stillServed(memory: Model, running: Running): Remembered {
  const names = new Set(running.servers.map(({ backend, id }) => `${serviceIn(backend)}/${id}`));
  const { instances, policies } = rememberedOf(memory);
  return {
    instances: instances.filter(({ service, id }) => names.has(`${service}/${id}`)),
    policies,
  };
}

export function rememberedOf(memory: Model): Remembered {
  const policies = memory.services.flatMap(({ name, policy }) =>
    policy ? ([[name, policy]] as const) : [],
  );
  return { instances: instancesOf(memory), policies: new Map(policies) };
}
