import fc from 'fast-check';
import { expect, test } from 'vitest';
import { emptyModel, type Model, modelOf, type Server } from './model.ts';
import { commandsOf, isDone, planOf } from './plan.ts';
import { backendOf } from './render.ts';
import type { Running, RunningServer } from './running.ts';
import { anyCatalogue } from './testing/catalogues.ts';
import { simulate } from './testing/simulator.ts';

const structure = 'c2fd85e6';

const server = (n: number, changes: Partial<Server> = {}): Server => ({
  ...{ id: `users-${n}`, address: '127.0.0.1', port: 4_000 + n, version: 'v1', weight: 100 },
  ...changes,
});
const users = (...servers: Server[]): Model => ({
  services: [
    { name: 'users', route: '/api/users', balance: 'roundrobin', websocket: false, servers },
  ],
});
const runningServer = (n: number, changes: Partial<RunningServer> = {}): RunningServer => {
  const { version, ...place } = server(n);
  return { backend: 'be_users', ...place, state: 'ready', busy: 0, ...changes };
};
const running = (...servers: RunningServer[]): Running => ({ structure, servers });

const commands = (model: Model, now: Running): string[] =>
  planOf(model, structure, now).steps.flatMap(commandsOf);

test('nothing is to be done where HAProxy has what is wanted', () => {
  expect(isDone(planOf(users(server(1)), structure, running(runningServer(1))))).toBe(true);
});

test('another structure is a reload and nothing else', () => {
  const plan = planOf(users(server(1)), 'other', running(runningServer(2)));
  expect(plan).toEqual({ reload: true, steps: [], leaving: 0 });
});

test('a new server comes with all its words, as it takes none from default-server, and is made ready', () => {
  expect(commands(users(server(1, { address: '::1' })), running())).toEqual([
    'add server be_users/users-1 [::1]:4001 weight 100 check inter 1s fastinter 200ms fall 2 rise 2 observe layer4 error-limit 1 on-error mark-down pool-max-conn -1 pool-purge-delay 5s',
    'enable health be_users/users-1',
    'set server be_users/users-1 state ready',
  ]);
});

test('a server that is not wanted is drained, and removed when it is idle', () => {
  expect(commands(users(), running(runningServer(1)))).toEqual([
    'set server be_users/users-1 state drain',
  ]);
  expect(commands(users(), running(runningServer(1, { state: 'drain' })))).toEqual([
    'set server be_users/users-1 state maint',
    'del server be_users/users-1',
  ]);
});

test('while a drained server still has requests, there is nothing to do but to look again', () => {
  const busy = running(runningServer(1, { state: 'drain', busy: 2 }));
  expect(planOf(users(), structure, busy)).toEqual({ reload: false, steps: [], leaving: 1 });
});

test('a server that did not want to be deleted is asked again', () => {
  const stuck = running(runningServer(1, { state: 'maint', busy: 1 }));
  expect(commands(users(), stuck)).toContain('del server be_users/users-1');
});

test('a server that was leaving and is wanted again is taken back', () => {
  const leaving = running(runningServer(1, { state: 'drain', busy: 2 }));
  expect(commands(users(server(1)), leaving)).toEqual([
    'enable health be_users/users-1',
    'set server be_users/users-1 state ready',
  ]);
});

test('a weight and an address are set while the server runs', () => {
  const before = running(runningServer(1, { weight: 100, port: 9 }));
  expect(commands(users(server(1, { weight: 0 })), before)).toEqual([
    'set server be_users/users-1 addr 127.0.0.1 port 4001',
    'set server be_users/users-1 weight 0',
  ]);
});

const anyModel = anyCatalogue.map((catalogue) => modelOf(catalogue, emptyModel).model);

/** HAProxy in the middle of anything: some of what is wanted, changed, and some that nobody wants. */
const anyPlace = anyModel.chain((model) => {
  const change = fc.record({
    keep: fc.boolean(),
    weight: fc.constantFrom(0, 50, 100),
    port: fc.constantFrom(undefined, 1),
    state: fc.constantFrom('ready', 'drain', 'maint'),
    busy: fc.nat({ max: 3 }),
    foreign: fc.boolean(),
  });
  const wanted = model.services.flatMap(({ name, servers }) =>
    servers.map((server) => ({ backend: backendOf(name), ...server })),
  );
  return fc
    .array(change, { minLength: wanted.length, maxLength: wanted.length })
    .map((changes) => ({
      model,
      servers: wanted.flatMap(({ backend, id, address, port }, at): RunningServer[] => {
        const { keep, foreign, port: otherPort, ...change } = changes[at] ?? { keep: false };
        if (!keep || !('busy' in change)) return [];
        const place = { backend, id: foreign ? `old-${id}` : id, address, port: otherPort ?? port };
        return [{ ...place, ...change }];
      }),
    }));
});

test('from wherever HAProxy is, it gets to what is wanted, and then nothing is left to do', () => {
  fc.assert(
    fc.property(anyPlace, ({ model, servers }) => {
      const backends = new Set(model.services.map(({ name }) => backendOf(name)));
      const haproxy = simulate({ structure, servers }, backends);
      const plan = () => planOf(model, structure, haproxy.running());
      // Drained, three requests done one after the other, removed.
      for (let turn = 0; turn < 6 && !isDone(plan()); turn += 1) {
        for (const command of plan().steps.flatMap(commandsOf)) attempt(haproxy.execute, command);
        haproxy.timePasses();
      }
      expect(isDone(plan())).toBe(true);
      expect(placesOf(haproxy.running().servers)).toEqual(wantedPlaces(model));
    }),
  );
});

test('on the way there, no backend is without a server that had one before and will have one after', () => {
  fc.assert(
    fc.property(anyPlace, ({ model, servers }) => {
      const backends = new Set(model.services.map(({ name }) => backendOf(name)));
      const haproxy = simulate({ structure, servers }, backends);
      const serving = (backend: string, all: RunningServer[]) =>
        all.some((s) => s.backend === backend && s.state === 'ready' && s.weight > 0);
      const before = [...backends].filter((backend) => serving(backend, servers));
      const after = [...backends].filter((backend) =>
        model.services.some((s) => backendOf(s.name) === backend && s.servers.length > 0),
      );
      const always = before.filter((backend) => after.includes(backend));
      for (const command of planOf(model, structure, { structure, servers }).steps.flatMap(
        commandsOf,
      )) {
        attempt(haproxy.execute, command);
        for (const backend of always) {
          expect(serving(backend, haproxy.running().servers)).toBe(true);
        }
      }
    }),
  );
});

/** Only a deletion may be refused: of a server that still has requests. */
function attempt(execute: (command: string) => void, command: string): void {
  try {
    execute(command);
  } catch (error) {
    if (!command.startsWith('del server')) throw error;
  }
}

const placesOf = (servers: RunningServer[]) =>
  servers
    .map(({ backend, id, address, port, weight, state }) =>
      [backend, id, address, port, weight, state].join(' '),
    )
    .sort();

const wantedPlaces = (model: Model) =>
  placesOf(
    model.services.flatMap(({ name, servers }) =>
      servers.map((server) => ({
        ...server,
        ...{ backend: backendOf(name), state: 'ready' as const, busy: 0 },
      })),
    ),
  );
