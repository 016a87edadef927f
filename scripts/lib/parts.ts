/**
 * The parts of a stack by their names: what we did not write, and what every stack stands on.
 *
 * HAProxy begins with lb's own rendering of an empty catalogue, so that it answers 503 instead of
 * nothing until lb has come.
 */
import { renderConfig } from '../../services/lb/render.ts';
import { consulPart } from './parts/consul.ts';
import { haproxyPart, haproxyPaths } from './parts/haproxy.ts';
import { mariadbPart } from './parts/mariadb.ts';
import { redisPart } from './parts/redis.ts';
import type { Part } from './program.ts';
import type { Stack } from './stack.ts';

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

function firstConfig(stack: Stack): string {
  const { config, runtimeSocket } = haproxyPaths(stack);
  return renderConfig(
    { services: [] },
    {
      haproxyPublic: addressOf(stack, 'haproxy'),
      haproxyStats: `127.0.0.1:${stack.ports.haproxyStats}`,
      haproxyStatsPassword: stack.secrets.haproxyStats,
      haproxyConfig: config,
      haproxyRuntimeSocket: runtimeSocket,
      trafficKey: stack.secrets.trafficKey,
    },
  );
}
