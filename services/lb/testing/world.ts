/** Consul, HAProxy and lb for one test, with what a test asks of them. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { IncomingMessage, type RequestOptions, request } from 'node:http';
import { json } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';
import { policyKey, type TrafficPolicy } from '@microflack/common/registry/policy.ts';
import { type RunningService, startService } from '@microflack/common/service.ts';
import { type OwnPart, ownConsul } from '@microflack/common/testing/own-part.ts';
import type { Scope } from '@microflack/common/testing/parts.ts';
import { until } from '@microflack/common/testing/until.ts';
import { z } from 'zod';
import { mapPath } from '../files.ts';
import { planReport } from '../plan-report.ts';
import { mapText } from '../pools.ts';
import { lb } from '../service.ts';
import { startHaproxy, type TestHaproxy } from './haproxy.ts';

export interface World {
  consul: OwnPart;
  haproxy: TestHaproxy;
  startLb(changes?: Record<string, string>): Promise<RunningService>;
  /** The servers of a service that are in traffic. */
  ready(service: string): Promise<string[]>;
  /** Until these are in traffic, or as many as that. */
  untilReady(service: string, ...ids: string[] | [count: number]): Promise<void>;
  /** Resolves when the file has the servers that run, and HAProxy the structure of the file. */
  untilFileEqualsRunning(): Promise<void>;
  /** As `mf traffic` writes it; null ends one. Resolves when HAProxy does so. */
  share(service: string, shares: Record<string, number> | null, sticky?: boolean): Promise<void>;
  /** On a connection of its own, and with the path as it is. */
  ask(path: string, options?: RequestOptions): Promise<Answer>;
}

/** Longer than Consul is doubted after a restart. */
const patienceMs = 15_000;

const answerSchema = z.looseObject({
  instance: z.string().optional(),
  code: z.string().optional(),
  headers: z.record(z.string(), z.unknown()).optional(),
});

export interface Answer {
  status: number;
  type: string | undefined;
  body: z.infer<typeof answerSchema>;
}

export async function startWorld(scope: Scope): Promise<World> {
  const consul = await ownConsul(scope);
  consul.start();
  await untilConsulLeads(consul);
  const haproxy = await startHaproxy(scope, consul.url);

  const ready = async (service: string): Promise<string[]> => {
    const { servers } = await haproxy.running();
    return servers
      .filter((one) => one.backend === `be_${service}` && one.state === 'ready' && one.weight > 0)
      .map(({ id }) => id)
      .sort();
  };
  return {
    consul,
    haproxy,
    ready,
    async startLb(changes = {}) {
      const running = await startService(lb, { ...haproxy.environment, ...changes });
      scope.onTestFinished(running.stop);
      return running;
    },
    async untilReady(service, ...ids) {
      const [count = 0] = ids;
      const isSo =
        typeof count === 'number'
          ? (found: string[]) => found.length === count
          : (found: string[]) => isDeepStrictEqual(found, ids.toSorted());
      const look = async () => isSo(await ready(service).catch(() => []));
      await until(`${service} has the servers ${ids.join()}`, look, patienceMs);
    },
    async untilFileEqualsRunning() {
      await until('the file has what runs', async () => {
        const text = await haproxy.config();
        const { structure, servers, map } = await haproxy.running();
        return (
          text.includes(`str(${structure})`) &&
          isDeepStrictEqual(serversIn(text), namesOf(servers)) &&
          (await readFile(mapPath(haproxy.settings.haproxyConfig), 'utf8')) === mapText(map)
        );
      });
    },
    async share(service, shares, sticky = false) {
      const policy = shares && policyOf(shares, sticky);
      const body = JSON.stringify(policy);
      await fetch(`${consul.url}/v1/kv/${policyKey(service)}`, { method: 'PUT', body });
      await until('HAProxy goes by the policy', async () => {
        const { inSync, policies } = await planReport(haproxy.environment);
        return inSync && isDeepStrictEqual(policies[service], policy ?? undefined);
      });
    },
    ask: (path, options = {}) => ask(haproxy.url, path, options),
  };
}

export async function untilConsulLeads({ url }: OwnPart): Promise<void> {
  await until('Consul has a leader', async () => {
    const answer = await fetch(`${url}/v1/status/leader`).catch(() => undefined);
    return answer?.ok && (await answer.text()).length > 2;
  });
}

const policyOf = (shares: Record<string, number>, sticky: boolean): TrafficPolicy => ({
  shares: Object.entries(shares).map(([version, percent]) => ({ version, percent })),
  ...{ sticky, since: '2026-11-21T12:00:00Z', by: 'somebody@here' },
});

/** fetch() would tidy up the path, and keep its connection to a worker that a reload leaves behind. */
async function ask(url: string, path: string, options: RequestOptions): Promise<Answer> {
  const { hostname, port } = new URL(url);
  const outgoing = request({ ...options, hostname, port, path, agent: false }).end();
  const [response] = z
    .tuple([z.instanceof(IncomingMessage)])
    .parse(await once(outgoing, 'response'));
  const body = answerSchema.parse(await json(response));
  return { status: response.statusCode ?? 0, type: response.headers['content-type'], body };
}

function serversIn(text: string): string[] {
  const names: string[] = [];
  for (const section of text.split(/^backend (?=be_)/m).slice(1)) {
    const [backend] = section.split(' ');
    for (const [, server] of section.matchAll(/^ {4}server (\S+ \S+ weight \d+( backup)?)/gm)) {
      names.push(`${backend} ${server}`);
    }
  }
  return names.sort();
}

const namesOf = (servers: Awaited<ReturnType<TestHaproxy['running']>>['servers']): string[] =>
  servers
    .map(
      ({ backend, id, address, port, weight, backup }) =>
        `${backend} ${id} ${address}:${port} weight ${weight}${backup ? ' backup' : ''}`,
    )
    .sort();
