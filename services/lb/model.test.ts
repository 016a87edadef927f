import type { Instance } from '@microflack/common/registry/instances.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { emptyModel, fullWeight, instancesOf, type Model, modelOf } from './model.ts';
import { anyCatalogue, instance } from './testing/catalogues.ts';

const read = (instances: Instance[], inForce: Model = emptyModel) => modelOf(instances, inForce);
const modelAfter = (...catalogues: Instance[][]): Model =>
  catalogues.reduce((model, instances) => read(instances, model).model, emptyModel);

const users = (n: number, meta: Record<string, string> = {}, changes: Partial<Instance> = {}) =>
  instance(`users-${n}`, { route: '/api/users', ...meta }, changes);

const weights = ({ services }: Model) =>
  Object.fromEntries(services.flatMap(({ servers }) => servers.map((s) => [s.id, s.weight])));
const routes = ({ services }: Model) =>
  Object.fromEntries(services.map(({ name, route }) => [name, route]));

test('a service that nobody knew gets its traffic by registering', () => {
  const meta = { route: '/api/popularity', balance: 'leastconn' };
  const popularity = instance('popularity-1', meta, { port: 5_000 });
  expect(read([users(1), popularity])).toEqual({
    faults: [],
    model: {
      services: [
        {
          ...{ name: 'popularity', route: '/api/popularity', balance: 'leastconn' },
          websocket: false,
          servers: [
            {
              ...{ id: 'popularity-1', address: '127.0.0.1', port: 5_000, version: '1.0.0' },
              ...{ audience: 'everybody', weight: fullWeight },
            },
          ],
          slots: ['', '', '', '', '', ''],
        },
        expect.objectContaining({ name: 'users' }),
      ],
    },
  });
});

test('a service without a route is none of the public’s business, and no fault', () => {
  expect(read([instance('lb-1', {})])).toEqual({ model: emptyModel, faults: [] });
});

test('a bad registration is left out and named, and the others stay', () => {
  const { model, faults } = read([users(1), users(2, {}, { port: 0 })]);
  expect(weights(model)).toEqual({ 'users-1': 100 });
  expect(faults).toMatchObject([{ service: 'users', instance: 'users-2' }]);
});

test('an instance whose checks fail is drained, and keeps its place', () => {
  expect(weights(modelAfter([users(1), users(2, {}, { healthy: false })]))).toEqual({
    'users-1': 100,
    'users-2': 0,
  });
});

test('where every check fails, Consul is not believed: HAProxy has checks of its own', () => {
  const all = [users(1, {}, { healthy: false }), users(2, {}, { healthy: false })];
  expect(weights(modelAfter(all))).toEqual({ 'users-1': 100, 'users-2': 100 });
});

test('a service whose last instance has gone keeps its backend, so that the next one needs no reload', () => {
  const model = modelAfter([users(1)], []);
  expect(model.services).toMatchObject([{ name: 'users', route: '/api/users', servers: [] }]);
});

test('of two services with one route, the one that had it keeps it', () => {
  const thief = instance('a-1', { route: '/api/users' });
  const { model, faults } = read([thief, users(1)], modelAfter([users(1)]));
  expect(routes(model)).toEqual({ users: '/api/users' });
  expect(faults).toEqual([{ service: 'a', reason: '/api/users belongs to users' }]);
});

test('a route whose service has no instance left can be had by another one', () => {
  const heir = instance('people-1', { route: '/api/users' });
  expect(routes(modelAfter([users(1)], [heir]))).toEqual({ people: '/api/users' });
});

test('a service cannot take what is another’s by changing its own route', () => {
  const messages = (route: string) => instance('messages-1', { route });
  const before = [users(1), messages('/api/messages')];
  const { model, faults } = read([users(1), messages('/api/users')], modelAfter(before));
  expect(routes(model)).toEqual({ users: '/api/users' });
  expect(faults).toHaveLength(1);
});

test('a new route holds when the last instance with the old one has gone', () => {
  const [old, next] = [users(1), users(2, { route: '/api/people' })];
  const during = read([old, next], modelAfter([old]));
  expect(routes(during.model)).toEqual({ users: '/api/users' });
  expect(Object.keys(weights(during.model))).toEqual(['users-1', 'users-2']);
  expect(during.faults).toMatchObject([{ instance: 'users-2' }]);
  expect(routes(read([next], during.model).model)).toEqual({ users: '/api/people' });
});

test('instances that start together and disagree: most of them decide', () => {
  const few = users(1, { balance: 'hash' });
  const many = [users(2, { balance: 'leastconn' }), users(3, { balance: 'leastconn' })];
  expect(read([few, ...many]).model.services).toMatchObject([{ balance: 'leastconn' }]);
});

test('a port that was given to a new process belongs to the one that started later', () => {
  const dead = users(1, { started_at: '2026-01-01T10:00:00.000Z' }, { port: 5_000 });
  const alive = instance(
    'messages-1',
    { route: '/api/messages', started_at: '2026-01-01T10:00:05.000Z' },
    { port: 5_000 },
  );
  const { model, faults } = read([dead, alive]);
  expect(weights(model)).toEqual({ 'messages-1': 100 });
  expect(faults).toMatchObject([{ service: 'users', instance: 'users-1' }]);
});

test('a huge catalogue is cut, and what was served before goes on', () => {
  const many = (service: string) =>
    Array.from({ length: 150 }, (_, n) =>
      instance(`${service}-${n}`, { route: `/api/${service}`, started_at: String(1_000 + n) }),
    );
  const before = modelAfter([users(1)]);
  const { model, faults } = read([...many('users').reverse()], before);
  expect(model.services[0]?.servers).toHaveLength(100);
  expect(faults).toHaveLength(50);
  expect(weights(model)).toHaveProperty('users-0');

  const services = Array.from({ length: 150 }, (_, n) => {
    const name = `s${String(n).padStart(3, '0')}`;
    return instance(`${name}-1`, { route: `/api/${name}` }, { service: name, port: 1_000 + n });
  });
  const next = read([...services, users(1)], before);
  expect(next.model.services).toHaveLength(100);
  expect(routes(next.model)).toHaveProperty('users');
});

test('whatever is registered: every route, address and id is there once', () => {
  fc.assert(
    fc.property(fc.array(anyCatalogue, { minLength: 1, maxLength: 4 }), (catalogues) => {
      const { services } = modelAfter(...catalogues);
      const servers = services.flatMap(({ servers }) => servers);
      const places = servers.map(({ address, port }) => `${address} ${port}`);
      const ids = services.flatMap(({ name, servers }) => servers.map(({ id }) => `${name} ${id}`));
      for (const list of [services.map(({ route }) => route), places, ids]) {
        expect(new Set(list).size).toBe(list.length);
      }
    }),
  );
});

test('the same registrations, in whatever order, change nothing once they are in force', () => {
  fc.assert(
    fc.property(anyCatalogue, anyCatalogue, (before, now) => {
      const model = modelAfter(before, now);
      expect(read(now.toReversed(), model).model).toEqual(model);
    }),
  );
});

test('nobody loses a server while it is registered as before', () => {
  fc.assert(
    fc.property(anyCatalogue, anyCatalogue, (before, more) => {
      const model = modelAfter(before);
      const newcomers = more.map((one) => ({ ...one, id: `new-${one.id}`, address: '10.0.0.1' }));
      const idsOf = ({ services }: Model) =>
        services.flatMap(({ servers }) => servers.map((s) => s.id));
      const after = idsOf(read([...before, ...newcomers], model).model);
      expect(after).toEqual(expect.arrayContaining(idsOf(model)));
    }),
  );
});

test('a model can be made again from what it remembers', () => {
  fc.assert(
    fc.property(anyCatalogue, (catalogue) => {
      const model = modelAfter(catalogue);
      expect(read(instancesOf(model), model)).toEqual({ model, faults: [] });
    }),
  );
});
