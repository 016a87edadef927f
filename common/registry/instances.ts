/**
 * An instance as its registration in Consul tells of it. Shared by whoever writes one (register.ts)
 * and whoever reads them (watch.ts, the balancer).
 */
import { z } from 'zod';

/** What HAProxy is to do with a service; the balancer derives all of its routes from these. */
export interface Registration {
  /** Path prefix at the public port; the longest one wins. */
  route?: string;
  balance?: 'roundrobin' | 'leastconn' | 'hash';
  /** Name of the cookie by which requests stick to an instance. */
  sticky?: string;
  websocket?: boolean;
}

export interface Instance {
  id: string;
  service: string;
  address: string;
  port: number;
  version: string;
  /** All of its checks pass. */
  healthy: boolean;
  /** As registered: version, program, pid, started_at, audience and the Registration, all as text. */
  meta: Readonly<Record<string, string>>;
}

const healthEntry = z.object({
  Node: z.object({ Address: z.string() }),
  Service: z.object({
    ID: z.string(),
    Service: z.string(),
    Address: z.string(),
    Port: z.number().int(),
    Meta: z.record(z.string(), z.string()).nullish(),
  }),
  Checks: z.array(z.object({ Status: z.string() })),
});

/**
 * The answer of /v1/health/service/NAME, in the order of ids, so that equal answers compare as
 * equal.
 */
export function parseInstances(body: unknown): Instance[] {
  return z
    .array(healthEntry)
    .parse(body)
    .map(({ Node, Service, Checks }) => ({
      id: Service.ID,
      service: Service.Service,
      address: Service.Address || Node.Address,
      port: Service.Port,
      version: Service.Meta?.version ?? '',
      healthy: Checks.every(({ Status }) => Status === 'passing'),
      meta: Service.Meta ?? {},
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}
