/**
 * Whether an instance serves: passing in Consul, and up in HAProxy where it has a route.
 *
 * Asked by whoever starts instances and by `mf status`. HAProxy is asked for its own view through
 * its socket, since only that says that requests reach the instance.
 */
import { z } from 'zod';
import { ask } from '../../services/lb/runtime.ts';
import { haproxyPaths } from './parts/haproxy.ts';
import { until } from './parts/until.ts';
import { answerMs } from './patience.ts';
import type { Stack } from './stack.ts';

const health = z.array(
  z.object({
    Service: z.object({
      ID: z.string(),
      Address: z.string(),
      Port: z.number(),
      Meta: z.record(z.string(), z.string()),
    }),
    Checks: z.array(z.object({ Status: z.string() })),
  }),
);

export interface Registered {
  instance: string;
  program: string;
  version: string;
  address: string;
  passing: boolean;
  /** Whether HAProxy sends requests to it. */
  routed: boolean;
  /** Only for requests that ask for its version. */
  named: boolean;
}

/** What Consul knows of a service's instances. */
export async function registrations(stack: Stack, service: string): Promise<Registered[]> {
  const answer = await askConsul(stack, 'GET', `health/service/${encodeURIComponent(service)}`);
  return health.parse(JSON.parse(answer)).map(({ Service, Checks }) => ({
    instance: Service.ID,
    program: Service.Meta.program ?? '',
    version: Service.Meta.version ?? '',
    address: `${Service.Address}:${Service.Port}`,
    passing: Checks.every(({ Status }) => Status === 'passing'),
    routed: Service.Meta.route !== undefined,
    named: Service.Meta.audience === 'named',
  }));
}

/**
 * Takes a program's instances out of the registry: those that could not do so themselves. Where Consul is away, or
 * has done so by itself, nothing is lost: after a minute it takes out what does not answer its check.
 */
export async function deregister(stack: Stack, service: string, program: string): Promise<void> {
  const all = await registrations(stack, service).catch(() => []);
  const left = all.filter((one) => one.program === program);
  await Promise.allSettled(
    left.map(({ instance }) => askConsul(stack, 'PUT', `agent/service/deregister/${instance}`)),
  );
}

async function askConsul(
  { ports, secrets }: Stack,
  method: 'GET' | 'PUT',
  path: string,
): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${ports.consulHttp}/v1/${path}`, {
    method,
    headers: { 'x-consul-token': secrets.consulManagement },
    signal: AbortSignal.timeout(answerMs),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`Consul answers ${answer.status}: ${text}`);
  return text;
}

/** The servers that HAProxy would send a request to, by their names: instances' ids. */
export async function serversUp(stack: Stack): Promise<Set<string>> {
  return parseServersUp(await ask(haproxyPaths(stack).runtimeSocket, 'show stat'));
}

/** Reads `show stat`: CSV whose columns are named by its first line. */
export function parseServersUp(csv: string): Set<string> {
  const [head = '', ...lines] = csv.trim().split('\n');
  const columns = head.replace(/^# /, '').split(',');
  const [name, status] = [columns.indexOf('svname'), columns.indexOf('status')];
  const up = lines
    .map((line) => line.split(','))
    .filter((cells) => /^(UP|no check)/.test(cells[status] ?? ''));
  return new Set(up.map((cells) => cells[name] ?? ''));
}

/** What keeps an instance from serving; undefined when nothing does. */
export function complaintOf(
  { passing, routed, instance }: Registered,
  up: ReadonlySet<string>,
): string | undefined {
  if (!passing) return 'its check in Consul fails';
  return routed && !up.has(instance) ? 'HAProxy does not send requests to it' : undefined;
}

/**
 * The program's instance. Of several (one that died without a word stays registered for a minute)
 * the one that is best off.
 */
export function registeredAs(
  all: readonly Registered[],
  program: string,
  up: ReadonlySet<string>,
): Registered | undefined {
  const ours = all.filter((one) => one.program === program);
  return ours.find((one) => complaintOf(one, up) === undefined) ?? ours.at(-1);
}

/** Resolves to the program's instance when it has one of this version that serves. */
export async function untilServing(
  stack: Stack,
  wanted: { service: string; program: string; version: string },
  throughHaproxy: boolean,
  patienceMs?: number,
): Promise<Registered> {
  return until(async () => {
    const all = await registrations(stack, wanted.service);
    const ofVersion = all.filter(({ version }) => version === wanted.version);
    const ofInterest = throughHaproxy
      ? ofVersion
      : ofVersion.map((one) => ({ ...one, routed: false }));
    const up = throughHaproxy ? await serversUp(stack) : new Set<string>();
    const found = registeredAs(ofInterest, wanted.program, up);
    if (found === undefined) throw new Error('it has not registered');
    const complaint = complaintOf(found, up);
    if (complaint !== undefined) throw new Error(complaint);
    return found;
  }, patienceMs);
}
