import { expect, test } from 'vitest';
import { claimOf } from './registration.ts';
import { instance } from './testing/catalogues.ts';

const reasonFor = (...args: Parameters<typeof instance>): string | undefined => {
  const claim = claimOf(instance(...args));
  return 'reason' in claim ? claim.reason : undefined;
};

test('a registration says what traffic it wants, and roundrobin is what nobody asked for', () => {
  const meta = { route: '/socket.io', sticky: 'io', websocket: 'true', started_at: '2026' };
  expect(claimOf(instance('socketio-1', meta, { port: 5_000 }))).toEqual({
    service: 'socketio',
    endpoint: {
      id: 'socketio-1',
      address: '127.0.0.1',
      port: 5_000,
      version: '1.0.0',
      audience: 'everybody',
    },
    traffic: { route: '/socket.io', balance: 'roundrobin', sticky: 'io', websocket: true },
    healthy: true,
    startedAt: '2026',
  });
});

test.each(['/', '/api/users', '/socket.io', '/a/b-c/d_e/~f', '/apis', '/health'])(
  'a service can have the route %s',
  (route) => {
    expect(reasonFor('users-1', { route })).toBeUndefined();
  },
);

test.each([
  ['api/users', 'without a slash in front'],
  ['/api/users/', 'with a slash behind'],
  ['/api//users', 'with an empty part'],
  ['/api/../internal', 'that goes up'],
  ['/api/.', 'that goes nowhere'],
  ['/api/us ers', 'with a space'],
  ['/api/%75sers', 'with an escape'],
  ['/api/üsers', 'with a letter beyond ASCII'],
  ['/api/users\n    server evil 6.6.6.6:66', 'with a line of configuration in it'],
  ['/api/users } || { always_true', 'with a condition in it'],
  [`/${'a'.repeat(200)}`, 'longer than 200 characters'],
  ['/api', 'that all services share'],
  ['/internal/users', 'of the inside'],
  ['/Metrics', 'of the inside, whatever its case'],
  ['/healthz', 'of the health checks'],
])('a service cannot have the route %j, one %s', (route) => {
  expect(reasonFor('users-1', { route })).toMatch(/^route "/);
});

test.each([0, 65_536, -1, 1.5])('no instance is at port %d', (port) => {
  expect(reasonFor('users-1', { route: '/x' }, { port })).toMatch(/^port /);
});

test.each([
  'localhost',
  '',
  '0.0.0.0',
  '0.1.2.3',
  '::',
  '0:0:0::0',
  'fe80::1%lo',
  '1.2.3.4:5',
  '1.2.3',
])('no instance is at the address %j', (address) => {
  expect(reasonFor('users-1', { route: '/x' }, { address })).toMatch(/^address /);
});

test('an address is spelt as HAProxy spells it', () => {
  const claim = claimOf(instance('a-1', { route: '/a' }, { address: 'FD00:0:0::0001' }));
  expect(claim).toMatchObject({ endpoint: { address: 'fd00::1' } });
});

test('each fault is named, in one line that can be shown', () => {
  const meta = { route: 'x', balance: 'luck', sticky: 'a\u001b[31mb' };
  const reason = reasonFor('users-1', meta, { service: 'us ers', port: 0, version: 'v 1' });
  expect(reason?.split('; ').map((part) => part.split(' ')[0])).toEqual([
    'service',
    'port',
    'version',
    'route',
    'balance',
    'sticky',
  ]);
  expect(reason).toMatch(/^[\x20-\x7e…]*$/);
});
