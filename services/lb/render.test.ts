import fc from 'fast-check';
import { expect, test } from 'vitest';
import { emptyModel, modelOf } from './model.ts';
import { poolsOf } from './pools.ts';
import { renderConfig, structureOf } from './render.ts';
import { anyCatalogue, instance } from './testing/catalogues.ts';

const settings = {
  haproxyConfig: '/run/haproxy/haproxy.cfg',
  trafficKey: 'traffic-key',
  haproxyPublic: '127.0.0.1:8080',
  haproxyStats: '127.0.0.1:8081',
  haproxyStatsPassword: 'pass-word',
  haproxyRuntimeSocket: '/run/haproxy/runtime.sock',
};

/** Servers that are of no service. */
const successor = 1;

const modelFor = (...instances: Parameters<typeof modelOf>[0]) =>
  modelOf(instances, emptyModel).model;
const render = (...instances: Parameters<typeof modelOf>[0]) =>
  renderConfig(modelFor(...instances), settings);

const users = (n: number, meta: Record<string, string> = {}) =>
  instance(`users-${n}`, { route: '/api/users', ...meta }, { port: 4_000 + n });

const linesOf = (text: string, start: string): string[] => {
  const [, ...lines] = (text.split(`\n${start}`)[1]?.split('\n\n')[0] ?? '').split('\n');
  return lines.map((line) => line.trim());
};

test('a backend says what was registered, and has a server for each instance', () => {
  expect(linesOf(render(users(2), users(1)), 'backend be_users from service')).toEqual([
    '# registration: users at /api/users, balance roundrobin',
    'balance roundrobin',
    'server users-1 127.0.0.1:4001 weight 100 # version 1.0.0',
    'server users-2 127.0.0.1:4002 weight 100 # version 1.0.0',
  ]);
});

test('sockets stick by their cookie, may stay long, and poll for longer than a request may take', () => {
  const meta = { route: '/socket.io', balance: 'leastconn', sticky: 'io', websocket: 'true' };
  const lines = linesOf(render(instance('socketio-1', meta)), 'backend be_socketio from service');
  expect(lines).toEqual(
    expect.arrayContaining([
      'balance leastconn',
      'stick on req.cook(io)',
      'stick store-response res.cook(io)',
      'timeout tunnel 1h',
    ]),
  );
});

test('the longest route comes last and wins, /api is for what nobody has, and the page takes the rest', () => {
  const text = render(
    instance('ui-1', { route: '/' }),
    users(1),
    instance('me-1', { route: '/api/users/me' }),
    instance('x-1', { route: '/x' }),
  );
  expect(text.split('\n').filter((line) => /set-var\(txn.service\)/.test(line))).toEqual([
    '    http-request set-var(txn.service) str(ui)',
    '    http-request set-var(txn.service) str(x) if { path /x } || { path -m beg /x/ }',
    '    http-request unset-var(txn.service) if { path /api } || { path -m beg /api/ }',
    '    http-request set-var(txn.service) str(users) if { path /api/users } || { path -m beg /api/users/ }',
    '    http-request set-var(txn.service) str(me) if { path /api/users/me } || { path -m beg /api/users/me/ }',
  ]);
});

test('without a page, there is no service for anything', () => {
  expect(render()).toContain('default_backend no_service');
});

test('servers and their weights are no structure; a route, an option and a service are', () => {
  const structure = (...instances: Parameters<typeof modelOf>[0]) =>
    structureOf(modelFor(...instances), settings);
  const sick = { ...users(2), healthy: false };
  expect(structure(users(1), sick)).toBe(structure(users(3)));
  expect(structure(users(1, { balance: 'hash' }))).not.toBe(structure(users(1)));
  expect(structure(users(1, { route: '/api/people' }))).not.toBe(structure(users(1)));
  expect(structure(users(1), instance('ui-1', { route: '/' }))).not.toBe(structure(users(1)));
});

test('the structure is written where HAProxy can be asked for it', () => {
  const model = modelFor(users(1));
  expect(renderConfig(model, settings)).toContain(
    `set-var proc.structure str(${structureOf(model, settings)})`,
  );
});

test('every section says at its first line where it comes from', () => {
  const text = render(users(1), instance('ui-1', { route: '/' }));
  const sections = text.split(/\n(?=global|defaults|frontend|backend|userlist)/).slice(1);
  expect(sections.length).toBeGreaterThan(6);
  for (const section of sections) {
    const [, ...lines] = section.split('\n');
    const first = lines.find((line) => !line.includes('mode http'));
    expect(first).toMatch(/^ {4}# (settings|registration|policy|decision): /);
  }
});

test('nobody writes a line of the configuration by what they register', () => {
  fc.assert(
    fc.property(anyCatalogue, (catalogue) => {
      const model = modelFor(...catalogue);
      const text = renderConfig(model, settings);
      const members = model.services.flatMap(poolsOf).flatMap(({ members }) => members);
      expect(text.match(/^ {4}server /gm) ?? []).toHaveLength(members.length + successor);
      expect(text).toMatch(/^[\x20-\x7e\n]*$/);
      expect(text).not.toContain('evil');
    }),
    { numRuns: 200 },
  );
});
