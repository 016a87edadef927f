/**
 * From a service to what HAProxy has for it: pools of servers, and the map that says which pool a
 * request goes to. Pure; render.ts and plan.ts go on from here.
 *
 * Besides the pool of all there is a number of slots, which stand in HAProxy's configuration from the
 * beginning: a version gets one without a reload, and keeps it while it lives. In a slot the servers
 * of its version answer, and the others stand in where none of them does. Traffic is switched by the
 * map alone, all of it at one moment.
 */
import {
  bucketCount,
  sharing,
  standIns,
  type TrafficPolicy,
  versionOf,
} from '@microflack/common/registry/policy.ts';
import type { Server, Service } from './model.ts';

export interface Pool {
  backend: string;
  /** Whose slot it is; the pool of all has none. */
  group?: string;
  members: Member[];
}

export interface Member extends Server {
  /** Gets requests only where none that is no backup can. */
  backup: boolean;
}

/** What is asked, and the backend that it leads to. */
export type MapEntry = readonly [key: string, backend: string];

/** Versions at one time that can be told apart; the others get what everybody gets. */
const slotCount = 6;
export const freeSlot = '';
export const freeSlots: readonly string[] = Array<string>(slotCount).fill(freeSlot);

/** A name in HAProxy for a service; nothing else there begins like this. */
const backendPrefix = 'be_';
export const backendOf = (service: string): string => `${backendPrefix}${service}`;
export const isBackend = (name: string): boolean => name.startsWith(backendPrefix);
/** Whose pool it is. */
export const serviceIn = (backend: string): string =>
  backend.slice(backendPrefix.length).replace(/\..*$/, '');
const slotOf = (service: string, at: number): string => `${backendOf(service)}.${at + 1}`;

/** Those who share a slot. Who is to be named is not found by others of the same version. */
export const groupOf = ({ audience, version }: Pick<Server, 'audience' | 'version'>): string =>
  audience === 'named' ? `${version} when named` : version;

/** The slots from now on: each group has the one that it had, and the new ones those that are free. */
export function slotsFor(
  servers: readonly Server[],
  policy: TrafficPolicy | undefined,
  before: readonly string[],
): { slots: string[]; left: string[] } {
  const groups = new Set(servers.filter(({ version }) => version !== '').map(groupOf));
  const slots = freeSlots.map((free, at) => (groups.has(before[at] ?? free) ? before[at] : free));
  const told = policy !== undefined || servers.some(({ audience }) => audience === 'named');
  const fresh = groups.size > 1 || told ? [...groups].filter((one) => !slots.includes(one)) : [];
  const taken = slots.map((slot) => (slot ? slot : (fresh.shift() ?? freeSlot)));
  return { slots: taken, left: fresh };
}

export function poolsOf({ name, servers, policy, slots }: Service): Pool[] {
  const open = servers.filter(({ audience }) => audience === 'everybody');
  const shares = new Set(policy && sharing(policy).map(({ version }) => version));
  // By who has a share and not by who lives: servers that are ill for a moment keep their place.
  const someLive = open.some(({ version, weight }) => weight > 0 && shares.has(version));
  const all = { backend: backendOf(name), members: open.map((one) => ({ ...one, backup: false })) };
  const own = slots.map((group, at) => {
    const members = servers.flatMap((server) => {
      if (group !== freeSlot && groupOf(server) === group) return [{ ...server, backup: false }];
      const standsIn = open.includes(server) && (!someLive || shares.has(server.version));
      return group !== freeSlot && standsIn ? [{ ...server, backup: true }] : [];
    });
    return { backend: slotOf(name, at), group, members };
  });
  return [all, ...own];
}

/**
 * `messages:v2` is for who has chosen v2, `messages/person/7` for the seventh bucket of people, and
 * `messages/request/7` for requests that have drawn it. What is not there goes to the pool of all.
 */
export function mapOf(services: readonly Service[]): MapEntry[] {
  const entries = services.flatMap((service) => [...chosen(service), ...shared(service)]);
  return entries.sort(([a], [b]) => (a < b ? -1 : 1));
}

export const mapText = (entries: readonly MapEntry[]): string =>
  entries.map(([key, backend]) => `${key} ${backend}\n`).join('');

/** The named ones of a version come before the others of it. */
function chosen({ name, servers, slots }: Service): MapEntry[] {
  const byVersion = new Map<string, string>();
  for (const { audience, version } of servers) {
    const slot = slots.indexOf(groupOf({ audience, version }));
    if (slot < 0 || (byVersion.has(version) && audience !== 'named')) continue;
    byVersion.set(version, slotOf(name, slot));
  }
  return [...byVersion].map(([version, backend]) => [`${name}:${version}`, backend]);
}

function shared({ name, servers, policy, slots }: Service): MapEntry[] {
  if (!policy) return [];
  const live = new Set(standIns(liveOf(name, servers), policy).map(({ version }) => version));
  return Array.from({ length: bucketCount }, (_, bucket) => bucket).flatMap((bucket) => {
    const version = versionOf(policy, bucket, live);
    const slot = version === undefined ? -1 : slots.indexOf(version);
    if (slot < 0) return [];
    const key = `${name}/${policy.sticky ? 'person' : 'request'}/${bucket}`;
    return [[key, slotOf(name, slot)] satisfies MapEntry];
  });
}

const liveOf = (service: string, servers: readonly Server[]) =>
  servers
    .filter(({ weight }) => weight > 0)
    .map(({ version, audience }) => ({ service, version, meta: { audience } }));
