/**
 * How quickly HAProxy follows the registry: from an instance's registration to its first request, and from
 * its deregistration to its last. One instance is there all the time, so that the route is; a second one
 * comes and goes, while requests go through HAProxy without a pause. Beside it the same by a HAProxy that asks Consul's
 * DNS by itself.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { createHttpServer, listen } from '@microflack/common/http/listen.ts';
import { createLogger } from '@microflack/common/log.ts';
import { connectConsul } from '@microflack/common/registry/consul.ts';
import { register } from '@microflack/common/registry/register.ts';
import type { Bench } from '../bench.ts';
import { type Followed, withConsulDns } from '../consul-dns.ts';
import { openConnection } from '../load/http.ts';
import { percentile } from '../percentiles.ts';
import { beside, type Row } from '../report.ts';

const service = 'bench-probe';
const route = '/api/bench-probe';
const askers = 4;
/** By DNS an instance leaves after half a minute, sometimes. */
const patienceMs = 60_000;
/** So long without a request means that the last one has been. */
const quietMs = 300;
const rounds = { quick: 5, ours: 20, byDns: 5 };

export async function measureJoining({ stack, url, quick }: Bench): Promise<Row[]> {
  const consulUrl = `http://127.0.0.1:${stack.ports.consulHttp}`;
  const ours = { url, consulUrl, consulToken: stack.secrets.consulManagement };
  const { join, leave } = await comeAndGo(ours, quick ? rounds.quick : rounds.ours);
  const byDns = await withConsulDns(service, (followed) => comeAndGo(followed, rounds.byDns));
  return [
    row('registered → first request, by Consul-DNS', byDns.join),
    row('registered → first request', join, byDns.join),
    row('deregistered → last request, by Consul-DNS', byDns.leave),
    row('deregistered → last request', leave, byDns.leave),
  ];
}

interface Registry extends Followed {
  consulToken?: string;
}

/** How long each coming and each going took, in milliseconds. */
async function comeAndGo(registry: Registry, times: number) {
  const [join, leave]: [number[], number[]] = [[], []];
  const permanent = await startProbe(registry, 'permanent');
  const end = new AbortController();
  const asking = keepAsking(registry.url, end.signal);
  await until(() => permanent.lastRequestAt !== undefined);
  for (let round = 0; round < times; round += 1) {
    const probe = await startProbe(registry, 'passing');
    await until(() => probe.lastRequestAt !== undefined);
    join.push((probe.firstRequestAt ?? Number.NaN) - probe.registeredAt);
    const leftAt = performance.now();
    await probe.leave();
    await until(() => performance.now() - Math.max(leftAt, probe.lastRequestAt ?? 0) > quietMs);
    leave.push(Math.max(0, (probe.lastRequestAt ?? 0) - leftAt));
    probe.close();
  }
  end.abort();
  await asking;
  await permanent.leave();
  permanent.close();
  return { join, leave };
}

interface Probe {
  registeredAt: number;
  firstRequestAt?: number;
  lastRequestAt?: number;
  leave(): Promise<void>;
  close(): void;
}

/** An instance that does nothing but note when it was asked. */
async function startProbe(registry: Registry, program: string): Promise<Probe> {
  const server = createHttpServer((request, response) => {
    if (request.url === route) {
      probe.lastRequestAt = performance.now();
      probe.firstRequestAt ??= probe.lastRequestAt;
    }
    response.end();
  });
  const port = await listen(server, '127.0.0.1', 0);
  const id = `${service}-${program}-${randomBytes(4).toString('hex')}`;
  const log = createLogger({ service, version: 'bench', instance: id, level: 'silent' });
  const consul = connectConsul(registry);
  const place = { id, service, program, version: 'bench', address: '127.0.0.1', port };
  const registeredAt = performance.now();
  const member = register(
    consul,
    { ...place, startedAt: new Date(), registration: { route } },
    log,
  );
  const probe: Probe = {
    registeredAt,
    leave: member.leave,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
  await member.known;
  return probe;
}

/** Through HAProxy, one after the other on each connection; 503 is what it says before the route is there, 307 what a worker says that was replaced. */
async function keepAsking(url: string, signal: AbortSignal): Promise<void> {
  const connections = Array.from({ length: askers }, () => openConnection(url));
  const askOn = async (connection: (typeof connections)[number]): Promise<void> => {
    while (!signal.aborted) await connection.send({ method: 'GET', path: route }).catch(unrouted);
    await connection.close();
  };
  await Promise.all(connections.map(askOn));
}

async function unrouted(error: unknown): Promise<void> {
  if (!(error instanceof Error && /: (307|404|503) /.test(error.message))) throw error;
  await pause(1);
}

async function until(condition: () => boolean): Promise<void> {
  const patience = AbortSignal.timeout(patienceMs);
  while (!condition()) {
    patience.throwIfAborted();
    await pause(1);
  }
}

function row(what: string, latenciesMs: readonly number[], byDnsMs?: readonly number[]): Row {
  const [p50Ms, p99Ms] = [medianOf(latenciesMs), percentileOf(latenciesMs, 0.99)];
  const compared = byDnsMs && [beside("Consul-DNS's p50", medianOf(byDnsMs), p50Ms)];
  const figures = { value: latenciesMs.length, unit: 'times', p50Ms, p99Ms };
  return { what, ...figures, ...(compared && { beside: compared }) };
}

const medianOf = (latenciesMs: readonly number[]): number => percentileOf(latenciesMs, 0.5);

function percentileOf(latenciesMs: readonly number[], share: number): number {
  return percentile(
    latenciesMs.toSorted((a, b) => a - b),
    share,
  );
}
