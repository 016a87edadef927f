import { expect, type TestContext, test } from 'vitest';
import { silentLog } from '../testing/log.ts';
import { ownConsul } from '../testing/own-part.ts';
import { random, testParts } from '../testing/parts.ts';
import { until } from '../testing/until.ts';
import { connectConsul } from './consul.ts';
import type { Instance } from './instances.ts';
import { register } from './register.ts';
import { watchCatalog, watchService } from './watch.ts';

function build(t: TestContext, options: { consulUrl: string; consulToken?: string }) {
  const consul = connectConsul(options);
  const end = new AbortController();
  t.onTestFinished(() => end.abort());
  const watching = { signal: end.signal, log: silentLog };
  const join = (service: string) => {
    const id = `${service}-${random()}`;
    const names = { id, service, program: id, version: '1', registration: {} };
    const place = { address: '127.0.0.1', port: 1, startedAt: new Date() };
    const membership = register(consul, { ...names, ...place }, silentLog);
    t.onTestFinished(membership.leave);
    return { id, ...membership };
  };
  return { consul, watching, join };
}

const shared = () => {
  const { consulUrl, consulToken } = testParts();
  return { consulUrl, consulToken };
};

test('who comes and who goes is told as it happens', async (t) => {
  const { consul, watching, join } = build(t, shared());
  const service = `t-${random()}`;
  const told: string[][] = [];
  watchService(consul, service, (all) => void told.push(all.map(({ id }) => id)), watching);
  await until('the first answer', () => told.length === 1);
  expect(told).toEqual([[]]);
  const one = join(service);
  await until('it has come', () => told.at(-1)?.[0] === one.id);
  const joinedAt = performance.now();
  const two = join(service);
  await until('the second has come', () => told.at(-1)?.length === 2);
  expect(performance.now() - joinedAt).toBeLessThan(1_000);
  await one.leave();
  await until('the first has gone', () => told.at(-1)?.join() === two.id);
});

test('the catalog tells of services that nobody knew, and forgets those that ended', async (t) => {
  const { consul, watching, join } = build(t, shared());
  const service = `t-${random()}`;
  let catalog: ReadonlyMap<string, readonly Instance[]> = new Map();
  watchCatalog(
    consul,
    (all) => {
      catalog = all;
    },
    watching,
  );
  const { id, leave } = join(service);
  await until('the new service is there', () => catalog.get(service)?.[0]?.id === id);
  expect(catalog.has('consul')).toBe(false);
  await leave();
  await until('the service has gone', () => !catalog.has(service));
});

test('a Consul that comes late, is killed and comes back empty drains nobody', async (t) => {
  const own = await ownConsul(t);
  const { consul, watching, join } = build(t, { consulUrl: own.url });
  const service = `t-${random()}`;
  const { id, known } = join(service);
  const counts: number[] = [];
  watchService(consul, service, (all) => void counts.push(all.length), watching);
  own.start();
  await known;
  await until('it is known', () => counts.at(-1) === 1);
  const before = counts.length;

  await own.kill();
  own.start();
  const registered = async () => {
    const services = await consul.agent.service.list().catch(() => ({}));
    return id in services;
  };
  await until('it has registered with the new Consul', registered);
  expect(counts.slice(before)).not.toContain(0);
});
