/**
 * Who the instances of a service are and what they count, looked at again and again: one that is
 * gone tells nothing any more, so the last that it said is kept. sampling.ts has the clock.
 *
 * Asks Consul who is there, and each instance of interest for its /metrics. An instance that drains
 * has left Consul and is asked on until it no longer answers.
 */
import { z } from 'zod';
import type { Stack } from '../stack.ts';
import { type Measured, parseMetrics } from './instance-metrics.ts';

const patienceMs = 1_000;
/** The one whose sockets are counted, whichever service the work is about. */
const socketService = 'socketio';

const agentServices = z.record(
  z.string(),
  z.object({
    ID: z.string(),
    Service: z.string(),
    Address: z.string(),
    Port: z.number(),
    Meta: z.record(z.string(), z.string()).nullable(),
  }),
);

export interface Watched {
  id: string;
  service: string;
  version: string;
  url: string;
  /** Where people reach it; undefined where they do not. */
  route: string | undefined;
  registered: boolean;
  /** Since before the work. */
  old: boolean;
  first: Measured | undefined;
  last: Measured | undefined;
  /** Its open sockets, as long as it was registered. */
  sockets: number;
}

export interface InstanceWatch {
  look(): Promise<void>;
  all(): Watched[];
  /** Services that had an instance, and at some later time none. */
  bare: Set<string>;
  /** Looks at Consul that it did not answer. */
  missed(): number;
}

export function watchInstances(stack: Stack, service: string): InstanceWatch {
  const known = new Map<string, Watched>();
  const bare = new Set<string>();
  let looks = 0;
  let missed = 0;

  async function look(): Promise<void> {
    try {
      meet(await whoIsThere(stack));
    } catch {
      missed += 1; // Consul's absence is nobody's loss; instances are asked all the same
    }
    const ofInterest = [...known.values()].filter(
      (one) => one.service === service || one.service === socketService,
    );
    await Promise.all(ofInterest.map(listen));
  }

  function meet(there: readonly Watched[]): void {
    const ids = new Set(there.map(({ id }) => id));
    const before = servicesOf(known.values());
    for (const one of known.values()) one.registered = ids.has(one.id);
    for (const one of there) {
      if (!known.has(one.id)) known.set(one.id, { ...one, old: looks === 0 });
    }
    const now = servicesOf([...known.values()].filter(({ registered }) => registered));
    for (const name of before) if (!now.has(name)) bare.add(name);
    looks += 1;
  }

  return { look, all: () => [...known.values()], bare, missed: () => missed };
}

async function listen(instance: Watched): Promise<void> {
  const measured = await metricsOf(instance.url);
  if (!measured) return;
  instance.first ??= measured;
  instance.last = measured;
  if (instance.registered) instance.sockets = measured.sockets ?? 0;
}

/** Undefined where it does not answer: it is starting, or gone. */
export async function metricsOf(url: string): Promise<Measured | undefined> {
  try {
    const signal = AbortSignal.timeout(patienceMs);
    return parseMetrics(await (await fetch(`${url}/metrics`, { signal })).text());
  } catch {
    return undefined;
  }
}

/** All instances that Consul knows. */
export async function whoIsThere({ ports, secrets }: Stack): Promise<Watched[]> {
  const response = await fetch(`http://127.0.0.1:${ports.consulHttp}/v1/agent/services`, {
    headers: { 'x-consul-token': secrets.consulManagement },
    signal: AbortSignal.timeout(patienceMs),
  });
  if (!response.ok) throw new Error(`Consul answers ${response.status}`);
  return Object.values(agentServices.parse(await response.json())).map((one) => ({
    id: one.ID,
    service: one.Service,
    version: one.Meta?.version ?? 'unknown',
    url: `http://${one.Address}:${one.Port}`,
    route: one.Meta?.route,
    registered: true,
    old: false,
    first: undefined,
    last: undefined,
    sockets: 0,
  }));
}

/** Where HAProxy has the service; undefined where it has none of it. */
export async function routeOf(stack: Stack, service: string): Promise<string | undefined> {
  return (await whoIsThere(stack)).find((one) => one.service === service && one.route)?.route;
}

const servicesOf = (all: Iterable<Watched>) => new Set([...all].map(({ service }) => service));
