/** What HAProxy does to every request, whatever the services are. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { createScope } from '@microflack/common/testing/parts.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startInstance } from './testing/instances.ts';
import { startLoad } from './testing/load.ts';
import { startWorld, type World } from './testing/world.ts';

const scope = createScope();
let world: World;

beforeAll(async () => {
  world = await startWorld(scope);
  await world.startLb();
  const page = await startInstance(scope, world.consul.url, 'ui', { route: '/' });
  await world.untilReady('ui', page.instance);
});
afterAll(scope.close);

test('the edge takes from strangers what only we may say, and begins the trace', async () => {
  const forged = {
    'X-FORWARDED-Host': 'evil',
    'X-Forwarded-For': '6.6.6.6',
    Forwarded: 'for=6.6.6.6',
    'X-Deadline-Ms': '1',
    Traceparent: '00-11111111111111111111111111111111-1111111111111111-01',
    Tracestate: 'evil=1',
    Baggage: 'evil=1',
    'X-MicroFlack-Internal': 'guess',
    Accept: 'text/html',
  };
  const { body } = await world.ask('/hello', { headers: forged });
  expect(body.headers).toMatchObject({
    accept: 'text/html',
    baggage: expect.stringMatching(/^mf-cohort=\d{1,2}$/),
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
  });
  expect(body.headers?.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  expect(JSON.stringify(body.headers)).not.toMatch(/evil|guess|6\.6\.6\.6|1111|deadline/i);
});

test('a client hears nothing of how long a service keeps connections', async () => {
  const response = await fetch(`${world.haproxy.url}/hello`);
  expect(response.status).toBe(200);
  expect(response.headers.get('keep-alive')).toBeNull();
});

test('what is for the inside is not there for the outside', async () => {
  for (const path of [
    ...['/internal', '/internal/users/presence', '/INTERNAL/x', '//internal/x', '/%69nternal/x'],
    ...['/metrics', '/healthz', '/healthz?x'],
  ]) {
    expect([path, (await world.ask(path)).status]).toEqual([path, 404]);
  }
  for (const path of ['/internals', '/x/metrics', '/']) {
    expect([path, (await world.ask(path)).status]).toEqual([path, 200]);
  }
  expect(await world.ask('/api/unheard')).toMatchObject({ body: { code: 'no_service' } });
});

test('a body that is too large is refused before anybody has to read it', async () => {
  const { hostname, port } = new URL(world.haproxy.url);
  const socket = connect(Number(port), hostname);
  scope.onTestFinished(() => void socket.destroy());
  socket.write('POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n');
  const [answer] = await once(socket, 'data');
  expect(String(answer)).toMatch(/^HTTP\/1.1 413 .*"code":"too_large"/s);
});

test.runIf(process.env.MF_TEST_ALL)(
  'a request whose body does not come is given up after 10 s, and no service has heard of it',
  async () => {
    const { hostname, port } = new URL(world.haproxy.url);
    const socket = connect(Number(port), hostname);
    scope.onTestFinished(() => void socket.destroy());
    // A service would have answered this at once: it does not read bodies.
    socket.write('POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf');
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1.1 408 .*"code":"request_timeout"/s);
  },
);

test('a POST is sent again to another instance only where its sender says that it may be', async () => {
  const registration = { route: '/api/fragile' };
  const start = () => startInstance(scope, world.consul.url, 'fragile', registration);
  const [bad, good] = [await start(), await start()];
  await world.untilReady('fragile', bad.instance, good.instance);
  const path = `/api/fragile?drop=${bad.instance}`;
  const statuses = async (method: string, headers: Record<string, string> = {}) => {
    const all = new Set<number>();
    for (let n = 0; n < 6; n += 1) all.add((await world.ask(path, { method, headers })).status);
    return [...all].sort();
  };
  expect(await statuses('GET')).toEqual([200]);
  expect(await statuses('POST', { 'idempotency-key': 'k' })).toEqual([200]);
  expect(await statuses('POST')).toEqual([200, 502]);
});

test('a page that always fails takes nobody out who answers other pages', async () => {
  const registration = { route: '/api/halfwell' };
  const start = () => startInstance(scope, world.consul.url, 'halfwell', registration);
  const [first, second] = [await start(), await start()];
  await world.untilReady('halfwell', first.instance, second.instance);
  const load = startLoad(`${world.haproxy.url}/api/halfwell`, { connections: 2 });
  for (let n = 0; n < 20; n += 1) {
    expect((await world.ask('/api/halfwell?fail=1')).status).toBe(500);
  }
  expect(await load.stop()).toMatchObject({ failed: [] });
});

test('requests with the cookie of an instance stick to it', async () => {
  const registration = { route: '/socket.io', balance: 'roundrobin', sticky: 'io' } as const;
  const start = () => startInstance(scope, world.consul.url, 'socketio', registration);
  const [first, second] = [await start(), await start()];
  await world.untilReady('socketio', first.instance, second.instance);
  const { body: met } = await world.ask('/socket.io/?cookie=abc');
  for (let n = 0; n < 6; n += 1) {
    const { body } = await world.ask('/socket.io/', { headers: { cookie: 'io=abc' } });
    expect(body.instance).toBe(met.instance);
  }
});

test('statistics and metrics are for those who know the password', async () => {
  const url = `http://${world.haproxy.settings.haproxyStats}/metrics`;
  expect((await fetch(url)).status).toBe(401);
  const authorization = `Basic ${Buffer.from('microflack:pass-word').toString('base64')}`;
  const answer = await fetch(url, { headers: { authorization } });
  expect(await answer.text()).toContain('haproxy_process_');
});
