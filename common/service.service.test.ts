import { once } from 'node:events';
import { connect } from 'node:net';
import { Agent, request } from 'undici';
import { expect, type TestContext, test } from 'vitest';
import { type BaseSettings, defineSettings, loadSettings } from './config.ts';
import { methods } from './http/server.ts';
import { connectConsul, serviceQuery } from './registry/consul.ts';
import { parseInstances } from './registry/instances.ts';
import { type ServiceDefinition, type ServiceKit, startService } from './service.ts';
import { random, testSettings } from './testing/parts.ts';
import { until } from './testing/until.ts';

const settings = defineSettings({});

/** A service under a name of its own, and how Consul sees it. */
async function build(t: TestContext, extra: Record<string, string> = {}) {
  const name = `t-${random()}`;
  const environment = await testSettings(t, name, extra);
  const consul = connectConsul(loadSettings(settings, environment));
  const life: string[] = [];
  const gate = Promise.withResolvers<void>();
  let kit: ServiceKit<BaseSettings> | undefined;
  const definition: ServiceDefinition<BaseSettings> = {
    name,
    settings,
    registration: { route: `/${name}`, balance: 'leastconn', sticky: 'io', websocket: true },
    async start(given) {
      kit = given;
      life.push('start');
      methods(given.app, '/hello', { get: (_request, response) => void response.json({ name }) });
      methods(given.app, '/slow', {
        get: async (_request, response) => {
          life.push('slow began');
          await gate.promise;
          life.push('slow ended');
          response.json({ name });
        },
      });
      return {
        ready: async () => void life.push('ready'),
        drain: async () => void life.push('drain'),
        stop: async () => void life.push('stop'),
      };
    },
  };
  const start = async (program?: string) => {
    const own = program ? { MF_PROGRAM: program } : {};
    const service = await startService(definition, { ...environment, ...own });
    t.onTestFinished(service.stop);
    return service;
  };
  const registered = async () => {
    const { body } = await serviceQuery(consul, name)('0', new AbortController().signal);
    return parseInstances(body);
  };
  return { start, registered, consul, life, openGate: gate.resolve, kit: () => kit, name };
}

test('an instance is registered when it is ready, with all that HAProxy needs to know', async (t) => {
  const { start, registered, life, name } = await build(t);
  const { url, instance } = await start();
  expect(life).toEqual(['start', 'ready']);
  const { port } = new URL(url);
  expect(await registered()).toMatchObject([
    {
      id: instance,
      address: '127.0.0.1',
      port: Number(port),
      healthy: true,
      meta: { route: `/${name}`, balance: 'leastconn', sticky: 'io', websocket: 'true' },
    },
  ]);
  expect(await (await fetch(`${url}/hello`)).json()).toEqual({ name });
});

test('one that stops is deregistered first, and everything is ended in order', async (t) => {
  const { start, registered, life } = await build(t);
  const { url, stop } = await start();
  await stop();
  expect(await registered()).toEqual([]);
  expect(life).toEqual(['start', 'ready', 'drain', 'stop']);
  await expect(fetch(`${url}/hello`)).rejects.toThrow();
});

test('a draining instance answers what it has and what still comes during the grace', async (t) => {
  const { start, registered, life, openGate } = await build(t, { DRAIN_GRACE_MS: '300' });
  const { url, stop } = await start();
  const caller = new Agent({ connections: 1 });
  t.onTestFinished(() => caller.close());
  const slow = fetch(`${url}/slow`);
  await until('the slow request is in flight', () => life.includes('slow began'));
  const stopped = stop();
  await until('it has left the registry', async () => (await registered()).length === 0);

  const during = await request(`${url}/hello`, { dispatcher: caller });
  expect([during.statusCode, during.headers.connection]).toEqual([200, 'close']);
  await during.body.dump();
  expect((await fetch(`${url}/healthz`)).status).toBe(503);

  await until('nobody is let in any more', async () => {
    const answer = await fetch(`${url}/hello`).catch(() => 'refused');
    return answer === 'refused';
  });
  openGate();
  expect((await slow).status).toBe(200);
  await stopped;
  expect(life.slice(-3)).toEqual(['slow ended', 'drain', 'stop']);
});

test('an instance that Consul has forgotten registers again within five seconds', async (t) => {
  const { start, registered, consul } = await build(t);
  const { instance } = await start();
  await consul.agent.service.deregister(instance);
  expect(await registered()).toEqual([]);
  await until(
    'it is back',
    async () => (await registered()).some(({ id }) => id === instance),
    5_000,
  );
});

test('a successor in the same program takes a dead predecessor out of the registry', async (t) => {
  const { start, registered, consul, name } = await build(t);
  const meta = { program: `${name}-1` };
  const dead = { name, id: `${name}-1-dead`, address: '127.0.0.1', port: 1, meta };
  const other = { ...dead, id: `${name}-2-other`, meta: { program: `${name}-2` } };
  await consul.agent.service.register(dead);
  await consul.agent.service.register(other);
  t.onTestFinished(() => consul.agent.service.deregister(other.id));
  const { instance } = await start(`${name}-1`);
  const ids = async () => (await registered()).map(({ id }) => id).join();
  await until('the dead one is gone', async () => (await ids()) === [instance, other.id].join());
});

test('instances find each other by the registry, and lose who has left', async (t) => {
  const { start, kit, name } = await build(t);
  const first = await start(`${name}-1`);
  const second = await start(`${name}-2`);
  const client = kit()?.client;
  const call = () => client?.request({ service: name, method: 'GET', path: '/hello' });
  expect(await call()).toMatchObject({ status: 200, body: { name } });
  await first.stop();
  for (let count = 0; count < 20; count += 1) expect(await call()).toMatchObject({ status: 200 });
  await second.stop();
});

test('a half-sent request holds nobody up, and has its time', async (t) => {
  const { start, kit } = await build(t);
  const { url } = await start();
  const { hostname, port } = new URL(url);
  const half = connect(Number(port), hostname);
  t.onTestFinished(() => void half.destroy());
  await once(half, 'connect');
  half.write('POST /hello HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{');
  expect((await fetch(`${url}/hello`)).status).toBe(200);
  expect(kit()?.server).toMatchObject({ headersTimeout: 5_000, requestTimeout: 15_000 });
});

test('connections are kept for longer than any caller of ours keeps them', async (t) => {
  const { start } = await build(t);
  const { url } = await start();
  const { headers } = await fetch(`${url}/hello`);
  expect(headers.get('keep-alive')).toBe('timeout=75');
});

test('a service that cannot start says why, and leaves nothing behind', async (t) => {
  const { registered, name } = await build(t);
  const environment = await testSettings(t, name);
  let server: ServiceKit<BaseSettings>['server'] | undefined;
  const definition: ServiceDefinition<BaseSettings> = {
    name,
    settings,
    async start(kit) {
      server = kit.server;
      throw new Error('no database');
    },
  };
  await expect(startService(definition, environment)).rejects.toThrow('no database');
  if (server?.listening) await once(server, 'close');
  expect(await registered()).toEqual([]);
});
