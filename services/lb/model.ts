/**
 * From registrations to what HAProxy is to do: the pure heart of the balancer. plan.ts and render.ts
 * go on from here.
 *
 * A bad registration never breaks the others: it is left out and told about. Two things that contradict
 * each other are settled in favour of what was there before, so that nobody's traffic is taken by
 * registering; hence the model that is in force is the second argument. It also remembers services
 * that have no instance now: their backend stays, empty, and the next instance needs no reload.
 *
 * A server's weight says whether it has any traffic: 0 is drained. What share each version gets is
 * the service's traffic policy, which pools.ts turns into pools and a map.
 */
import type { Instance } from '@microflack/common/registry/instances.ts';
import { policySchema, type TrafficPolicy } from '@microflack/common/registry/policy.ts';
import { z } from 'zod';
import { freeSlots, slotsFor } from './pools.ts';
import {
  type Claim,
  claimOf,
  endpointSchema,
  type Fault,
  serviceName,
  type Traffic,
  trafficSchema,
  wantsTraffic,
} from './registration.ts';

/** The backend's pool: a server that gets nothing has the weight 0. HAProxy's maximum is 256. */
const serverSchema = z.object({
  ...endpointSchema.shape,
  weight: z.number().int().min(0).max(256),
});

const serviceSchema = z.object({
  name: serviceName,
  ...trafficSchema.shape,
  servers: z.array(serverSchema),
  policy: policySchema.optional(),
  /** Which group of servers has which slot; see pools.ts. */
  slots: z.array(z.string()).default([...freeSlots]),
});

export const modelSchema = z.object({ services: z.array(serviceSchema) });

export type Server = z.infer<typeof serverSchema>;
export type Service = z.infer<typeof serviceSchema>;
export type Model = z.infer<typeof modelSchema>;

export interface Reading {
  model: Model;
  faults: Fault[];
}

export const emptyModel: Model = { services: [] };

/** The weight of a server that takes its full share; leaves room to give it less, and a little more. */
export const fullWeight = 100;

/** More is a mistake of somebody's, and HAProxy would need minutes to load it. */
const maxServices = 100;
const maxServersPerService = 100;

export type Policies = ReadonlyMap<string, TrafficPolicy>;

/** What Consul wants of HAProxy, given what HAProxy does now. */
export function modelOf(
  instances: readonly Instance[],
  inForce: Model,
  policies: Policies = new Map(),
): Reading {
  const faults: Fault[] = [];
  const known = new Map(inForce.services.map((service) => [service.name, service]));

  const claims = newestOfEachAddress(takenOf(instances, faults), faults);
  const live = [...Map.groupBy(claims, ({ service }) => service)].map(([name, claims]) =>
    withPolicy(serviceOf(name, claims, known.get(name), faults), policies.get(name), faults),
  );
  const names = new Set(live.map(({ name }) => name));
  const idle = inForce.services
    .filter(({ name }) => !names.has(name))
    .map((service) => withPolicy({ ...service, servers: [] }, policies.get(service.name), faults));

  const byRank = [...live, ...idle].sort(
    (a, b) => rankOf(a, known) - rankOf(b, known) || inOrder(a.name, b.name),
  );
  const services = firstOfEachRoute(byRank, faults).sort((a, b) => inOrder(a.name, b.name));
  return { model: { services }, faults };
}

/** The registrations from which modelOf() would make this model again: what to believe without Consul. */
export function instancesOf(model: Model): Instance[] {
  return model.services.flatMap(({ name, servers, route, balance, sticky, websocket }) =>
    servers.map(({ id, address, port, version, audience, weight }) => ({
      service: name,
      ...{ id, address, port, version },
      healthy: weight > 0,
      meta: {
        ...{ route, balance },
        ...(sticky ? { sticky } : {}),
        ...(websocket ? { websocket: 'true' } : {}),
        ...(audience === 'named' ? { audience } : {}),
      },
    })),
  );
}

function takenOf(instances: readonly Instance[], faults: Fault[]): Claim[] {
  return instances.filter(wantsTraffic).flatMap((instance) => {
    const claim = claimOf(instance);
    if (!('reason' in claim)) return [claim];
    faults.push(claim);
    return [];
  });
}

/**
 * A port is given to a new process while the registration of its dead owner is still there: without
 * this, requests for the one service would go to the other. Ids are unique in a service, too.
 */
function newestOfEachAddress(claims: readonly Claim[], faults: Fault[]): Claim[] {
  const taken = new Map<string, Claim>();
  const newestFirst = [...claims].sort(
    (a, b) => inOrder(b.startedAt, a.startedAt) || inOrder(JSON.stringify(a), JSON.stringify(b)),
  );
  const kept = newestFirst.filter((claim) => {
    const { service, endpoint } = claim;
    const keys = [`${endpoint.address} ${endpoint.port}`, `${service}/${endpoint.id}`];
    const holder = keys.map((key) => taken.get(key)).find((found) => found !== undefined);
    if (holder === undefined) {
      for (const key of keys) taken.set(key, claim);
      return true;
    }
    const reason = `${holder.endpoint.id} has the same id or address, and started later`;
    faults.push({ service, instance: endpoint.id, reason });
    return false;
  });
  return kept.reverse();
}

/** `claims` come oldest first: where there are too many, those that serve already go on. */
function serviceOf(
  name: string,
  claims: readonly Claim[],
  known: Service | undefined,
  faults: Fault[],
): Service {
  const traffic = agreedOn(claims, known);
  for (const { endpoint, traffic: asked } of claims) {
    if (sameTraffic(asked, traffic)) continue;
    const reason = `asks for ${textOf(asked)}, and the service has ${textOf(traffic)}`;
    faults.push({ service: name, instance: endpoint.id, reason });
  }
  const served = claims.slice(0, maxServersPerService);
  for (const { endpoint } of claims.slice(maxServersPerService)) {
    const reason = `the service has ${maxServersPerService} servers already`;
    faults.push({ service: name, instance: endpoint.id, reason });
  }
  const someHealthy = new Set(
    served.filter(({ healthy }) => healthy).map(({ endpoint }) => endpoint.audience),
  );
  const servers = served
    .map(({ endpoint, healthy }) => ({
      ...endpoint,
      // Where all checks fail at once, it is more likely the checker that fails: HAProxy's own decide.
      weight: healthy || !someHealthy.has(endpoint.audience) ? fullWeight : 0,
    }))
    .sort((a, b) => inOrder(a.id, b.id));
  return { name, ...traffic, servers, slots: known?.slots ?? [...freeSlots] };
}

function withPolicy(
  { policy: _, ...service }: Service,
  policy: TrafficPolicy | undefined,
  faults: Fault[],
): Service {
  const { name, servers } = service;
  const { slots, left } = slotsFor(servers, policy, service.slots);
  for (const group of left) {
    const reason = `${freeSlots.length} other versions have traffic of their own: ${group} has none`;
    faults.push({ service: name, reason });
  }
  return { ...service, slots, ...(policy && { policy }) };
}

/** What the service has stays for as long as one instance asks for it; then, what most of them ask for. */
function agreedOn(claims: readonly Claim[], known: Service | undefined): Traffic {
  const asked = claims.map(({ traffic }) => traffic);
  const kept = asked.find((traffic) => known !== undefined && sameTraffic(traffic, known));
  if (kept) return kept;
  const [first] = [...Map.groupBy(asked, textOf)].sort(
    ([a, x], [b, y]) => y.length - x.length || inOrder(a, b),
  );
  const [winner] = first?.[1] ?? [];
  if (!winner) throw new Error('a service without claims');
  return winner;
}

/** `services` come in the order of their rights. */
function firstOfEachRoute(services: readonly Service[], faults: Fault[]): Service[] {
  const owners = new Map<string, string>();
  return services.filter(({ name, route, servers }) => {
    const owner = owners.get(route);
    const isRoom = owners.size < maxServices;
    if (owner === undefined && isRoom) {
      owners.set(route, name);
      return true;
    }
    const reason = owner ? `${route} belongs to ${owner}` : `there are ${maxServices} services`;
    // One that is only remembered goes without a word.
    if (servers.length > 0) faults.push({ service: name, reason });
    return false;
  });
}

/** Who is there goes before who was, and who was there before goes before who is new. */
function rankOf({ name, route, servers }: Service, known: ReadonlyMap<string, Service>): number {
  if (servers.length === 0) return 2;
  return known.get(name)?.route === route ? 0 : 1;
}

const sameTraffic = (a: Traffic, b: Traffic): boolean => textOf(a) === textOf(b);

function textOf({ route, balance, sticky, websocket }: Traffic): string {
  return [route, balance, sticky && `sticky ${sticky}`, websocket && 'websocket']
    .filter(Boolean)
    .join(', ');
}

const inOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
