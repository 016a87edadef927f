/**
 * HAProxy's servers, as far as its runtime API is concerned, for tests: takes commands as text and
 * says what HAProxy says where it refuses one.
 */
import type { MapEntry } from '../pools.ts';
import type { Running, RunningServer } from '../running.ts';

export interface Simulator {
  running(): Running;
  /** Throws with HAProxy's words where the command cannot be done. */
  execute(command: string): void;
  /** As a transaction of the map does it. */
  switch(map: readonly MapEntry[]): void;
  /** Requests that were under way are over. */
  timePasses(): void;
}

type Server = RunningServer & { checked: boolean };

export function simulate(running: Running, backends: ReadonlySet<string>): Simulator {
  const servers = new Map<string, Server>(
    running.servers.map((server) => [
      `${server.backend}/${server.id}`,
      { ...server, checked: true },
    ]),
  );

  const find = (name: string): Server => {
    const server = servers.get(name);
    if (server === undefined) throw new Error(`${name}: No such server.`);
    return server;
  };

  const commands: [RegExp, (...words: string[]) => void][] = [
    [
      /^add server (\S+) (\S+):(\d+) weight (\d+)( backup)? check .*pool-max-conn -1 pool-purge-delay 5s$/,
      (name = '', host = '', port = '', weight = '', backup = '') => {
        const [backend = '', id = ''] = name.split('/');
        if (!backends.has(backend)) throw new Error(`${name}: No such backend.`);
        if (servers.has(name)) throw new Error(`${name}: Already exists a server with that name.`);
        const address = host.replace(/^\[(.*)\]$/, '$1');
        const place = { backend, id, address, port: Number(port), weight: Number(weight) };
        const now = { state: 'maint', busy: 0, checked: false } as const;
        servers.set(name, { ...place, ...now, backup: backup !== '' });
      },
    ],
    [
      /^enable health (\S+)$/,
      (name = '') => {
        find(name).checked = true;
      },
    ],
    [
      /^set server (\S+) state (ready|drain|maint)$/,
      (name = '', state) => {
        if (state === 'ready' || state === 'drain' || state === 'maint') find(name).state = state;
      },
    ],
    [
      /^set server (\S+) weight (\d+)$/,
      (name = '', weight) => {
        find(name).weight = Number(weight);
      },
    ],
    [
      /^set server (\S+) addr (\S+) port (\d+)$/,
      (name = '', address = '', port) => Object.assign(find(name), { address, port: Number(port) }),
    ],
    [
      /^del server (\S+)$/,
      (name = '') => {
        const { state, busy } = find(name);
        if (state !== 'maint') throw new Error('Only servers in maintenance mode can be deleted.');
        if (busy > 0) throw new Error('Server still has connections attached to it.');
        servers.delete(name);
      },
    ],
  ];

  let { map } = running;

  return {
    running: () => ({
      map,
      structure: running.structure,
      // One without health checks would stay in traffic when it is dead.
      servers: [...servers.values()].map(({ checked, ...server }) => {
        return checked ? server : { ...server, state: 'maint' };
      }),
    }),
    execute(command) {
      for (const [pattern, run] of commands) {
        const [, ...words] = pattern.exec(command) ?? [];
        if (words.length > 0) return run(...words);
      }
      throw new Error(`Unknown command: ${command}`);
    },
    switch(entries) {
      map = [...entries];
    },
    timePasses() {
      for (const server of servers.values()) server.busy = Math.max(0, server.busy - 1);
    },
  };
}
