/**
 * What one registration in Consul asks of HAProxy, or why it is not taken. Pure; model.ts calls it.
 *
 * Anybody who may register can write anything here, and every word of it could end up in HAProxy's
 * configuration. So nothing is repaired and nothing is escaped: what is not plain is refused, with a
 * reason for `mf plan`.
 */
import { isIP, SocketAddress } from 'node:net';
import type { Instance } from '@microflack/common/registry/instances.ts';
import { z } from 'zod';

/** What a service asks for; all of its instances are expected to ask for the same. */
export const trafficSchema = z.object({
  /** Path prefix at the public port. It matches on segment borders: /api/users, /api/users/1. */
  route: z
    .string()
    .max(200)
    .regex(/^\/$|^(\/[A-Za-z0-9._~-]+)+$/, 'expected a path such as /api/users')
    .refine((route) => !/\/\.{1,2}(\/|$)/.test(route), 'expected no . or .. in the path')
    .refine(isOpenToServices, 'this path is not to be had'),
  balance: z.enum(['roundrobin', 'leastconn', 'hash']),
  /** Name of the cookie by which requests stick to a server. */
  sticky: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'expected the name of a cookie')
    .optional(),
  websocket: z.boolean(),
});

/** One instance, as a server in HAProxy. */
export const endpointSchema = z.object({
  id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/, 'expected letters, digits and _ . -'),
  /** In the spelling that HAProxy shows, so that the two can be compared. */
  address: z
    .string()
    .refine(isReachable, 'expected the IP address of a machine')
    .transform(canonical),
  port: z.number().int().min(1).max(65_535),
  version: z.string().regex(/^[A-Za-z0-9._+-]{0,64}$/, 'expected letters, digits and . _ + -'),
  /** named: only for requests that ask for its version. */
  audience: z.enum(['everybody', 'named']).default('everybody'),
});

export const serviceName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, 'expected letters, digits and _ -');

export type Traffic = z.infer<typeof trafficSchema>;
/** A registration that can be taken. */
export type Claim = z.infer<typeof claimSchema>;

/** A registration, or what of it, is not taken as it is. */
export interface Fault {
  service: string;
  instance?: string;
  reason: string;
}

const claimSchema = z.object({
  service: serviceName,
  endpoint: endpointSchema,
  traffic: trafficSchema,
  healthy: z.boolean(),
  startedAt: z.string(),
});

/** A service without a route is not for the public, and none of our business. */
export const wantsTraffic = ({ meta }: Instance): boolean => Boolean(meta.route);

export function claimOf({ service, healthy, meta, ...instance }: Instance): Claim | Fault {
  const { id, address, port, version } = instance;
  const { route, balance = 'roundrobin', sticky, websocket, audience, started_at = '' } = meta;
  const asked = {
    service,
    endpoint: { id, address, port, version, audience },
    traffic: { route, balance, sticky, websocket: websocket === 'true' },
    healthy,
    startedAt: started_at,
  };
  const result = claimSchema.safeParse(asked);
  if (result.success) return result.data;
  const words: Record<string, unknown> = { service, ...asked.endpoint, ...asked.traffic };
  const reasons = result.error.issues.map(({ path, message }) => {
    const field = String(path.at(-1));
    return `${field} ${plain(JSON.stringify(words[field]) ?? '')}: ${message}`;
  });
  return { service: plain(service), instance: plain(id), reason: reasons.join('; ') };
}

/** `/api` is what unknown services have, and the rest are for the inside alone. */
function isOpenToServices(route: string): boolean {
  const [, first = '', second] = route.toLowerCase().split('/');
  if (first === 'api') return second !== undefined;
  return !['internal', 'metrics', 'healthz'].includes(first);
}

/** To HAProxy, 0.0.0.0 means: wherever the client wanted to go. A name, it would have to resolve. */
function isReachable(address: string): boolean {
  if (isIP(address) === 4) return !address.startsWith('0.');
  return isIP(address) === 6 && !address.includes('%') && canonical(address) !== '::';
}

function canonical(address: string): string {
  if (isIP(address) !== 6) return address;
  return new SocketAddress({ address, family: 'ipv6' }).address;
}

/** Foreign text, fit to be shown in a terminal. */
function plain(text: string): string {
  const shown = text.replace(/[^\x20-\x7e]/g, '?');
  return shown.length > 80 ? `${shown.slice(0, 79)}…` : shown;
}
