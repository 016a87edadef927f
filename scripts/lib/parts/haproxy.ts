/**
 * HAProxy, the balancer: a master and its worker, driven by the lb service.
 *
 * lb writes its configuration and speaks to its two sockets, hence the same unix user and the same
 * folder. What stands in the configuration is lb's alone: the very first one is handed in by whoever
 * starts the stack, made by lb's own function from an empty model.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { mapPath } from '../../../services/lb/files.ts';
import type { Part } from '../program.ts';
import type { Stack } from '../stack.ts';
import { findProgram, versionOf } from './installed.ts';
import { until } from './until.ts';

const user = 'mf-lb';

export function haproxyPart(stack: Stack, firstConfig: string): Part {
  const { folder, config, masterSocket, runtimeSocket } = haproxyPaths(stack);
  return {
    program: {
      name: 'haproxy',
      command: [findProgram('haproxy'), '-W', '-S', `${masterSocket},mode,600`, '-f', config],
      user,
      environment: {},
      show: [{ path: folder, writable: true }],
      priority: 20,
      stopWaitSecs: 10,
    },
    folders: [{ path: folder, mode: 0o700, user }],
    files: [
      { path: config, content: firstConfig, mode: 0o600, user },
      { path: mapPath(config), content: '', mode: 0o600, user },
    ],
    version: () => versionOf('haproxy', '-v'),
    ready: () => until(() => accepts(runtimeSocket)),
  };
}

export function haproxyPaths({ dir }: Pick<Stack, 'dir'>) {
  const folder = join(dir, 'haproxy');
  return {
    folder,
    config: join(folder, 'haproxy.cfg'),
    masterSocket: join(folder, 'master.sock'),
    runtimeSocket: join(folder, 'runtime.sock'),
  };
}

/** The settings by which lb finds the HAProxy of its stack. */
export function haproxySettings(stack: Stack): Record<string, string> {
  const { config, masterSocket, runtimeSocket } = haproxyPaths(stack);
  return {
    HAPROXY_BIN: findProgram('haproxy'),
    HAPROXY_CONFIG: config,
    HAPROXY_MASTER_SOCKET: masterSocket,
    HAPROXY_RUNTIME_SOCKET: runtimeSocket,
    HAPROXY_PUBLIC: `${stack.bind}:${stack.ports.public}`,
    HAPROXY_STATS: `127.0.0.1:${stack.ports.haproxyStats}`,
    HAPROXY_STATS_PASSWORD: stack.secrets.haproxyStats,
    TRAFFIC_KEY: stack.secrets.trafficKey,
  };
}

/** A worker binds its sockets last, and all of them or none. */
async function accepts(path: string): Promise<void> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}
