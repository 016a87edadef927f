import { expect, test } from 'vitest';
import { parseInstances } from './instances.ts';
import { registrationOf } from './register.ts';

const entry = (id: string, ...statuses: string[]) => ({
  Node: { Address: '10.0.0.1' },
  Service: { ID: id, Service: 'users', Address: '', Port: 4000, Meta: { version: '1.2.0' } },
  Checks: statuses.map((Status) => ({ Status })),
});

test('an instance is healthy when all of its checks pass', () => {
  const instances = parseInstances([entry('b', 'passing', 'critical'), entry('a', 'passing')]);
  expect(instances.map(({ id, healthy }) => [id, healthy])).toEqual([
    ['a', true],
    ['b', false],
  ]);
});

test('without an address of its own an instance is at that of its node', () => {
  expect(parseInstances([entry('a')])[0]).toMatchObject({ address: '10.0.0.1', version: '1.2.0' });
});

test('an answer of another shape is refused', () => {
  expect(() => parseInstances([{ Service: { ID: 7 } }])).toThrow();
});

test('a registration says what HAProxy needs, and leaves out what is empty', () => {
  const startedAt = new Date('2026-11-21T10:00:00Z');
  const names = { id: 'users-1-aa', service: 'users', program: 'users-1', version: '1.2.0' };
  const place = { address: '127.0.0.1', port: 4000, startedAt };
  const registration = { route: '/api/users', balance: 'leastconn', websocket: false } as const;
  expect(registrationOf({ ...names, ...place, registration })).toMatchObject({
    name: 'users',
    id: 'users-1-aa',
    meta: {
      version: '1.2.0',
      program: 'users-1',
      pid: String(process.pid),
      started_at: '2026-11-21T10:00:00.000Z',
      route: '/api/users',
      balance: 'leastconn',
    },
    check: { http: 'http://127.0.0.1:4000/healthz', status: 'passing' },
  });
  const { meta } = registrationOf({ ...names, ...place, registration: {} });
  expect(Object.keys(meta)).toEqual(['version', 'program', 'pid', 'started_at']);
});
