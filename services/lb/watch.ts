/**
 * Consul → the registrations of all services, told whenever they change. service.ts hands them on to
 * reconcile.ts.
 *
 * The watching itself, and what to believe after an error, is common's (registry/watch.ts). For that,
 * a restart of lb is an error like others: what HAProxy serves at that moment is believed until Consul
 * has had the time to hear from everybody.
 */
import type { Instance } from '@microflack/common/registry/instances.ts';
import { type WatchOptions, watchCatalog } from '@microflack/common/registry/watch.ts';
import type Consul from 'consul';
import { instancesOf, type Model } from './model.ts';
import { backendOf } from './render.ts';
import type { Running } from './running.ts';

export function watchRegistrations(
  consul: Consul,
  remembered: readonly Instance[],
  onChange: (instances: readonly Instance[]) => void,
  options: WatchOptions,
): void {
  const tell = (byService: ReadonlyMap<string, readonly Instance[]>) =>
    onChange([...byService.values()].flat());
  watchCatalog(consul, tell, { ...options, remembered });
}

/** Of what the memory holds, that which HAProxy still has: the rest is from before the stack was stopped. */
export function stillServed(memory: Model, running: Running): Instance[] {
  const names = new Set(running.servers.map(({ backend, id }) => `${backend}/${id}`));
  return instancesOf(memory).filter(({ service, id }) => names.has(`${backendOf(service)}/${id}`));
}
