/**
 * The stack's instances, reached from this computer: a port of the same number for each, for as long as it is there.
 *
 * A service finds the others in Consul, which knows them by their ports on the machine's loopback. So
 * those ports are made here, too, as instances come and go.
 */

import { createLogger } from '@microflack/common/log.ts';
import type { connectConsul } from '@microflack/common/registry/consul.ts';
import type { Instance } from '@microflack/common/registry/instances.ts';
import { watchCatalog } from '@microflack/common/registry/watch.ts';
import { messageOf } from '../failure.ts';
import { devProgram } from './command.ts';
import type { Connection, Guest } from './guest.ts';

export interface Reaching {
  guest: Guest;
  consul: ReturnType<typeof connectConsul>;
  /** The service that runs here, which needs no way to itself. */
  service: string;
  signal: AbortSignal;
  complain: (text: string) => void;
}

/** Resolves when those that are there now are reached; follows them until the signal. */
export async function reachInstances({
  guest,
  consul,
  service,
  signal,
  complain,
}: Reaching): Promise<void> {
  const log = createLogger({ service: 'mf', version: '', instance: '', level: 'silent' });
  const ways = new Map<number, Connection>();
  const { promise: known, resolve } = Promise.withResolvers<void>();

  const follow = async (ports: ReadonlySet<number>) => {
    for (const [port, way] of ways) if (!ports.has(port)) leave(port, way);
    for (const port of ports) if (!ways.has(port) && !signal.aborted) await reach(port);
  };
  const reach = async (port: number) => {
    try {
      const way = await guest.lead(port);
      ways.set(port, way);
      void way.ended.then(() => ways.delete(port));
    } catch (error) {
      complain(`an instance on port ${port} cannot be reached from here: ${messageOf(error)}`);
    }
  };
  const leave = (port: number, way: Connection) => {
    ways.delete(port);
    way.end();
  };

  // One change after the other: sshd turns away who comes with ten connections at once.
  let turn = Promise.resolve();
  const onChange = (byService: ReadonlyMap<string, readonly Instance[]>) => {
    const others = [...byService.values()].flat().filter(isElsewhere(service));
    turn = turn.then(() => follow(new Set(others.map(({ port }) => port)))).then(resolve);
  };
  watchCatalog(consul, onChange, { signal, log });
  signal.addEventListener('abort', () => void turn.then(() => follow(new Set())));
  await known;
}

function isElsewhere(service: string): (instance: Instance) => boolean {
  return ({ meta }) => meta.program !== devProgram(service);
}
