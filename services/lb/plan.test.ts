import fc from 'fast-check';
import { expect, test } from 'vitest';
import { emptyModel, type Model, modelOf, type Server } from './model.ts';
import { commandsOf, isSettled, planOf } from './plan.ts';
import { type Member, mapOf, poolsOf } from './pools.ts';
import type { Running, RunningServer } from './running.ts';
import { anyCatalogue, anyPolicies } from './testing/catalogues.ts';
import { simulate } from './testing/simulator.ts';

const structure = 'c2fd85e6';

const server = (n: number, changes: Partial<Server> = {}): Server => ({
  ...{ id: `users-${n}`, address: '127.0.0.1', port: 4_000 + n, version: 'v1', weight: 100 },
  audience: 'everybody',
  ...changes,
});
const users = (...servers: Server[]): Model => ({
  services: [
    {
      ...{ name: 'users', route: '/api/users', balance: 'roundrobin', websocket: false },
      ...{ servers, slots: [] },
    },
  ],
});
const runningServer = (n: number, changes: Partial<RunningServer> = {}): RunningServer => {
  const { version, audience, ...place } = server(n);
  const now = { backup: false, state: 'ready', busy: 0 } as const;
  return { backend: 'be_users', ...place, ...now, ...changes };
};
const running = (...servers: RunningServer[]): Running => ({ structure, servers, map: [] });

const commands = (model: Model, now: Running): string[] =>
  planOf(model, structure, now).steps.flatMap(commandsOf);

test('nothing is to be done where HAProxy has what is wanted', () => {
  expect(isSettled(planOf(users(server(1)), structure, running(runningServer(1))))).toBe(true);
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

const anyModel = fc
  .tuple(anyCatalogue, anyPolicies)
  .map(([catalogue, policies]) => modelOf(catalogue, emptyModel, policies).model);

const membersOf = (model: Model): (Member & { backend: string })[] =>
  model.services
    .flatMap(poolsOf)
    .flatMap(({ backend, members }) => members.map((member) => ({ backend, ...member })));

const backendsOf = (model: Model) =>
  new Set(model.services.flatMap(poolsOf).map(({ backend }) => backend));

/** HAProxy in the middle of anything: some of what is wanted, changed, and some that nobody wants. */
const anyPlace = anyModel.chain((model) => {
  const change = fc.record({
    keep: fc.boolean(),
    weight: fc.constantFrom(0, 50, 100),
    port: fc.constantFrom(undefined, 1),
    state: fc.constantFrom('ready', 'drain', 'maint'),
    busy: fc.nat({ max: 3 }),
    foreign: fc.boolean(),
    flip: fc.boolean(),
  });
  const wanted = membersOf(model);
  return fc
    .array(change, { minLength: wanted.length, maxLength: wanted.length })
    .map((changes) => ({
      model,
      servers: wanted.flatMap(({ backend, id, address, port, backup }, at): RunningServer[] => {
        const { keep, foreign, flip, port: otherPort, ...change } = changes[at] ?? { keep: false };
        if (!keep || !('busy' in change)) return [];
        const place = { backend, id: foreign ? `old-${id}` : id, address, port: otherPort ?? port };
        return [{ ...place, backup: backup !== flip, ...change }];
      }),
    }));
});

test('from wherever HAProxy is, it gets to what is wanted, and then nothing is left to do', () => {
  fc.assert(
    fc.property(anyPlace, ({ model, servers }) => {
      const haproxy = simulate({ structure, servers, map: [] }, backendsOf(model));
      const plan = () => planOf(model, structure, haproxy.running());
      // Drained, three requests done one after the other, removed.
      const isDone = () => isSettled(plan()) && plan().leaving === 0;
      for (let turn = 0; turn < 8 && !isDone(); turn += 1) {
        const { steps, map } = plan();
        for (const command of steps.flatMap(commandsOf)) attempt(haproxy.execute, command);
        if (map) haproxy.switch(map);
        haproxy.timePasses();
      }
      expect(isDone()).toBe(true);
      expect(haproxy.running().map).toEqual(mapOf(model.services));
      expect(placesOf(haproxy.running().servers)).toEqual(wantedPlaces(model));
    }),
  );
});

test('on the way there, no backend is without a server that had one before and will have one after', () => {
  fc.assert(
    fc.property(anyPlace, ({ model, servers }) => {
      // What was a backup and is none any more has to go before it can come.
      const firm = servers.filter((one) => !flipped(model, one));
      const now = { structure, servers: firm, map: [] };
      const backends = [...backendsOf(model)];
      const haproxy = simulate(now, new Set(backends));
      const serving = (backend: string, all: RunningServer[]) =>
        all.some((s) => s.backend === backend && s.state === 'ready' && s.weight > 0);
      const before = backends.filter((backend) => serving(backend, firm));
      const after = backends.filter((backend) =>
        membersOf(model).some((one) => one.backend === backend && one.weight > 0),
      );
      const always = before.filter((backend) => after.includes(backend));
      for (const command of planOf(model, structure, now).steps.flatMap(commandsOf)) {
        attempt(haproxy.execute, command);
        for (const backend of always) {
          expect(serving(backend, haproxy.running().servers)).toBe(true);
        }
      }
    }),
  );
});

const flipped = (model: Model, { backend, id, backup }: RunningServer): boolean =>
  membersOf(model).some((one) => one.backend === backend && one.id === id && one.backup !== backup);

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
    .map(({ backend, id, address, port, weight, backup, state }) =>
      [backend, id, address, port, weight, backup, state].join(' '),
    )
    .sort();

const wantedPlaces = (model: Model) =>
  placesOf(membersOf(model).map((one) => ({ ...one, state: 'ready' as const, busy: 0 })));

test('traffic is switched when who is to have it has come, and before who has it goes', () => {
  const policy = {
    shares: [{ version: 'v2', percent: 100 }],
    ...{ sticky: false, since: '2026-11-21T12:00:00Z', by: 'somebody@here' },
  };
  const [service] = users(server(1), server(2, { version: 'v2' })).services;
  if (!service) throw new Error('no service');
  const model = { services: [{ ...service, policy, slots: ['v1', 'v2'] }] };
  const { steps, map = [] } = planOf(model, structure, running(runningServer(1)));
  expect(steps.map(({ kind }) => kind)).toEqual(['add', 'add', 'add', 'add']);
  const requests = map.filter(([key]) => key.startsWith('users/request/'));
  expect(requests).toHaveLength(100);
  expect(new Set(requests.map(([, backend]) => backend))).toEqual(new Set(['be_users.2']));
  expect(map).toContainEqual(['users:v1', 'be_users.1']);
});
