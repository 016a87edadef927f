import { createServer, type RequestListener } from 'node:http';
import { expect, type TestContext, test } from 'vitest';
import { contextFrom, runWithContext } from '../context.ts';
import { createMetrics } from '../metrics.ts';
import type { Instance } from '../registry/instances.ts';
import type { TrafficPolicy } from '../registry/policy.ts';
import { createClient } from './client.ts';
import { listen } from './listen.ts';

interface Seen {
  instance: string;
  method: string | undefined;
  url: string | undefined;
  headers: Record<string, unknown>;
}

const ok: RequestListener = (_request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end('{"ok":true}');
};
const broken: RequestListener = (_request, response) => {
  response.statusCode = 503;
  response.end();
};
const frozen: RequestListener = () => undefined;
const hangsUp: RequestListener = (request) => request.socket.destroy();

/** A client, and a service of one instance per handler; null is one that has just died. */
async function build(t: TestContext, ...handlers: (RequestListener | null)[]) {
  const seen: Seen[] = [];
  const instances: Instance[] = [];
  const known: { policy: TrafficPolicy | undefined } = { policy: undefined };
  for (const [index, handler] of handlers.entries()) {
    const id = `users-${index}`;
    const server = createServer((request, response) => {
      const { method, url, headers } = request;
      seen.push({ instance: id, method, url, headers });
      handler?.(request, response);
    });
    const port = await listen(server, '127.0.0.1', 0);
    const close = () => {
      server.close();
      server.closeAllConnections();
    };
    if (handler) t.onTestFinished(close);
    else close();
    const place = { address: '127.0.0.1', port, healthy: true, version: '1', meta: {} };
    instances.push({ id, service: 'users', ...place });
  }
  const listeners: ((ids: ReadonlySet<string>) => void)[] = [];
  const client = createClient({
    discovery: {
      resolve: async () => ({ instances, policy: known.policy }),
      onChange: (listener) => void listeners.push(listener),
    },
    metrics: createMetrics(),
    internalKey: 'the-internal-key',
  });
  t.onTestFinished(client.close);
  const get = () => client.request({ service: 'users', method: 'GET', path: '/api/users/7' });
  const post = (idempotencyKey?: string) =>
    client.request({
      service: 'users',
      method: 'POST',
      path: '/api/users',
      body: { nickname: 'fox' },
      ...(idempotencyKey ? { idempotencyKey } : {}),
    });
  return { client, get, post, seen, instances, known };
}

test('an answer comes with its status and its parsed body', async (t) => {
  const { get, seen } = await build(t, ok);
  expect(await get()).toMatchObject({ status: 200, body: { ok: true } });
  expect(seen).toMatchObject([{ method: 'GET', url: '/api/users/7' }]);
});

test('any status is an answer', async (t) => {
  const { get } = await build(t, (_request, response) => {
    response.statusCode = 404;
    response.end('no such user');
  });
  expect(await get()).toMatchObject({ status: 404, body: 'no such user' });
});

test('trace, baggage and what is left of the deadline travel along', async (t) => {
  const { get, seen } = await build(t, ok);
  const context = contextFrom({ baggage: 'cohort=blue', deadlineMs: '800' });
  await runWithContext(context, get);
  const headers = seen[0]?.headers;
  expect(headers).toMatchObject({
    traceparent: `00-${context.traceId}-${context.spanId}-01`,
    baggage: 'cohort=blue',
  });
  expect(Number(headers?.['x-deadline-ms'])).toBeGreaterThan(0);
  expect(Number(headers?.['x-deadline-ms'])).toBeLessThanOrEqual(800);
});

test('who asks is told by the bearer, basic and internal headers', async (t) => {
  const { client, seen } = await build(t, ok);
  const call = { service: 'users', method: 'GET', path: '/' } as const;
  await client.request({ ...call, bearer: 'abc' });
  await client.request({ ...call, basic: { username: 'fox', password: 'ü' }, internal: true });
  expect(seen.map(({ headers }) => headers)).toMatchObject([
    { authorization: 'Bearer abc' },
    {
      authorization: `Basic ${Buffer.from('fox:ü').toString('base64')}`,
      'x-microflack-internal': 'the-internal-key',
    },
  ]);
  expect(seen[0]?.headers).not.toHaveProperty('x-microflack-internal');
});

test('a dead instance costs no call: another one is asked, even for a POST', async (t) => {
  const { get, post } = await build(t, null, ok);
  for (let call = 0; call < 10; call += 1) {
    expect((await get()).status).toBe(200);
    expect((await post()).status).toBe(200);
  }
});

test('a POST that may have been done is not done again', async (t) => {
  const { post, seen } = await build(t, hangsUp, hangsUp);
  await expect(post()).rejects.toMatchObject({ status: 503, code: 'upstream_failed' });
  expect(seen).toHaveLength(1);
});

test('a POST with an idempotency key is tried elsewhere, with the same key', async (t) => {
  const { post, seen } = await build(t, hangsUp, hangsUp, hangsUp);
  await expect(post('key-1')).rejects.toMatchObject({ code: 'upstream_failed' });
  expect(new Set(seen.map(({ instance }) => instance)).size).toBe(3);
  expect(seen.map(({ headers }) => headers['idempotency-key'])).toEqual([
    'key-1',
    'key-1',
    'key-1',
  ]);
});

test('a 503 of one instance is retried at another, and is the answer when all say so', async (t) => {
  const { get, seen } = await build(t, broken, broken);
  expect((await get()).status).toBe(503);
  expect(seen).toHaveLength(3);
});

test('a frozen instance leaves time to ask another one', async (t) => {
  const { client, seen } = await build(t, frozen, ok);
  const call = { service: 'users', method: 'GET', path: '/', timeoutMs: 400 } as const;
  while (!seen.some(({ instance }) => instance === 'users-0')) {
    expect((await client.request(call)).status).toBe(200);
  }
});

test('when the time is over, the call is', async (t) => {
  const { client } = await build(t, frozen);
  const call = { service: 'users', method: 'POST', path: '/', timeoutMs: 50 } as const;
  await expect(client.request(call)).rejects.toMatchObject({ code: 'deadline_exceeded' });
});

test('a call whose deadline has passed is not made', async (t) => {
  const { get, seen } = await build(t, ok);
  const late = contextFrom({ deadlineMs: '0' });
  await expect(runWithContext(late, get)).rejects.toMatchObject({ code: 'deadline_exceeded' });
  expect(seen).toEqual([]);
});

test('an instance that keeps failing gets no more calls', async (t) => {
  const { post, seen } = await build(t, (_request, response) => {
    response.statusCode = 500;
    response.end();
  });
  for (let call = 0; call < 5; call += 1) expect((await post()).status).toBe(500);
  await expect(post()).rejects.toMatchObject({ status: 503, code: 'circuit_open' });
  expect(seen).toHaveLength(5);
});

test('a service without instances is unavailable', async (t) => {
  const { get } = await build(t);
  await expect(get()).rejects.toMatchObject({ status: 503, code: 'no_instance' });
});

const half = (sticky: boolean): TrafficPolicy => ({
  shares: [
    { version: '1', percent: 50 },
    { version: '2', percent: 50 },
  ],
  ...{ sticky, since: '2026-11-21T12:00:00Z', by: 'somebody@here' },
});

/** Two instances of version 1 and one of version 2. */
async function buildVersions(t: TestContext, ...handlers: [RequestListener, RequestListener]) {
  const built = await build(t, ok, ...handlers);
  const [, , third] = built.instances;
  if (third) third.version = '2';
  const ask = async (baggage: string, times: number) => {
    built.seen.length = 0;
    for (let n = 0; n < times; n += 1) await runWithContext(contextFrom({ baggage }), built.get);
    return built.seen.map(({ instance }) => instance);
  };
  return { ...built, ask };
}

test('a person’s calls go to the version of their bucket, on every hop', async (t) => {
  const { ask, known } = await buildVersions(t, ok, ok);
  known.policy = half(true);
  expect(new Set(await ask('mf-cohort=70', 20))).toEqual(new Set(['users-2']));
  expect(await ask('mf-cohort=7', 20)).not.toContain('users-2');
});

test('by request, each version has its share of the calls', async (t) => {
  const { ask, known } = await buildVersions(t, ok, ok);
  known.policy = half(false);
  const toSecond = (await ask('mf-cohort=7', 400)).filter((id) => id === 'users-2').length;
  // Six standard deviations from 200.
  expect(toSecond).toBeGreaterThan(140);
  expect(toSecond).toBeLessThan(260);
});

test('what somebody has chosen for themselves wins, and another service’s choice is none', async (t) => {
  const { ask, known } = await buildVersions(t, ok, ok);
  known.policy = { ...half(true), shares: [{ version: '1', percent: 100 }] };
  expect(new Set(await ask('mf-cohort=7,mf-me=users:2', 9))).toEqual(new Set(['users-2']));
  expect(await ask('mf-cohort=7,mf-me=messages:2', 9)).not.toContain('users-2');
});

test('a version that fails a call does not fail it: the others stand in', async (t) => {
  const { ask, known } = await buildVersions(t, ok, hangsUp);
  known.policy = half(true);
  expect((await ask('mf-cohort=70', 1)).length).toBe(2);
});
