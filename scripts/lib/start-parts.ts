/**
 * Starts what the services stand on (Consul, MariaDB, Redis, HAProxy) and opens accounts there.
 *
 * The parts start side by side; each becomes one line when it is fit to serve. HAProxy begins with
 * lb's own rendering of an empty catalogue, so that it answers 503 instead of nothing until lb comes.
 */
import { renderConfig } from '../../services/lb/render.ts';
import { ensureConsulAcl } from './accounts/consul-acl.ts';
import { ensureSchemas } from './accounts/schemas.ts';
import { consulPart } from './parts/consul.ts';
import { haproxyPart, haproxyPaths } from './parts/haproxy.ts';
import { mariadbPart } from './parts/mariadb.ts';
import { redisPart } from './parts/redis.ts';
import type { Part } from './program.ts';
import type { Stack } from './stack.ts';
import { stackOption } from './stack.ts';
import { type Campaign, startPrograms, untilReady } from './start.ts';

export const partNames = ['consul', 'mariadb', 'redis', 'haproxy'] as const;
export type PartName = (typeof partNames)[number];

export function isPart(name: string): name is PartName {
  return partNames.some((part) => part === name);
}

export function partOf(stack: Stack, name: PartName): Part {
  switch (name) {
    case 'consul':
      return consulPart(stack);
    case 'mariadb':
      return mariadbPart(stack);
    case 'redis':
      return redisPart(stack);
    case 'haproxy':
      return haproxyPart(stack, firstConfig(stack));
  }
}

export function addressOf({ ports, bind }: Stack, name: PartName): string {
  switch (name) {
    case 'consul':
      return `127.0.0.1:${ports.consulHttp}`;
    case 'mariadb':
      return `127.0.0.1:${ports.mariadb}`;
    case 'redis':
      return `127.0.0.1:${ports.redis}`;
    case 'haproxy':
      return `${bind}:${ports.public}`;
  }
}

export async function startParts(
  campaign: Campaign,
  names: readonly PartName[],
  services: readonly string[],
): Promise<void> {
  const { stack, supervisor, output, started } = campaign;
  const parts = await Promise.all(
    names.map(async (name) => {
      const part = partOf(stack, name);
      return { ...part, service: name, version: await part.version() };
    }),
  );
  const begun = output.now();
  const since = await supervisor.logEnd();
  await startPrograms(campaign, parts);
  await Promise.all(
    parts.map((part) =>
      output.step(
        `${part.service} ${part.version}`,
        `mf logs ${part.service}${stackOption(stack.name)}`,
        async () => {
          await untilReady(campaign, part.service, since, part.ready());
          await openAccounts(stack, part.service, services);
          return started.has(part.service) ? 'ready' : undefined;
        },
        begun,
      ),
    ),
  );
}

function firstConfig(stack: Stack): string {
  const { runtimeSocket } = haproxyPaths(stack);
  return renderConfig(
    { services: [] },
    {
      haproxyPublic: addressOf(stack, 'haproxy'),
      haproxyStats: `127.0.0.1:${stack.ports.haproxyStats}`,
      haproxyStatsPassword: stack.secrets.haproxyStats,
      haproxyRuntimeSocket: runtimeSocket,
    },
  );
}

async function openAccounts(stack: Stack, part: PartName, services: readonly string[]) {
  if (part === 'consul') await ensureConsulAcl(stack, services);
  if (part === 'mariadb') await ensureSchemas(stack, services);
}
