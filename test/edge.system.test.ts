/**
 * HAProxy's public port as a stranger meets it: what it keeps out, what it takes off requests, and what it says itself.
 * A service that the tests register with Consul shows what arrives behind it.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { until } from '@microflack/common/testing/until.ts';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { expectProblem } from './client/expect.ts';
import { call, wholeUrl } from './client/http.ts';
import { aPerson, type Person, post, signIn } from './client/person.ts';
import { wholeStack } from './setup/whole.ts';

const patienceMs = 20_000;
/** HAProxy's `timeout http-request`, and time to notice. */
const cutOffWithinMs = 20_000;

let susan: Person;
let stalled: { socket: Socket; answer: Promise<string> }[];

beforeAll(async () => {
  susan = await aPerson();
  // They are left alone while all the other tests of this file run.
  stalled = Array.from({ length: 60 }, (_, index) =>
    beginPost(['/api/messages', '/api/users', '/api/tokens'][index % 3] ?? '', 100),
  );
});
afterAll(() => {
  for (const { socket } of stalled) socket.destroy();
});

/** A POST of which the beginning is sent, and then nothing more. */
function beginPost(path: string, length: number): (typeof stalled)[number] {
  const { hostname, port } = new URL(wholeUrl());
  const socket = connect({ host: hostname, port: Number(port) });
  const head = [
    `POST ${path} HTTP/1.1`,
    `host: ${hostname}`,
    `authorization: Bearer ${susan.token}`,
    'content-type: application/json',
    `content-length: ${length}`,
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n{"source": "`);
  return { socket, answer: text(socket).catch(String) };
}

test('sixty POSTs that are never finished hold nobody up', async () => {
  for (let count = 0; count < 5; count += 1) await post(susan.token, 'meanwhile');
  await signIn(susan.login);
  expect((await call('GET', '/api/users?limit=1')).status).toBe(200);
  expect(stalled.filter(({ socket }) => socket.closed)).toEqual([]);
});

describe('not for the outside', () => {
  const keys = 'internal/tokens/keys';
  test.for([
    [`/${keys}`],
    ['/internal'],
    ['/internal/tokens/revoked?after=0'],
    [`//${keys}`],
    [`/./${keys}`],
    [`/Internal/tokens/keys`],
    [`/%69nternal/tokens/keys`],
    ['/internal%2ftokens%2fkeys'],
    [`/%2finternal/tokens/keys`],
    [`/api/../${keys}`],
    [`/api/tokens/../../${keys}`],
    [`/api/tokens/..%2f..%2f${keys}`],
    [`/api/tokens//${keys}`],
    ['/metrics'],
    ['//metrics'],
    ['/metrics/'],
    ['/METRICS?x=1'],
    ['/%6d%65trics'],
    ['/api/users/../../metrics'],
    ['/healthz'],
    ['///healthz'],
    ['/stats'],
    ['/haproxy?stats'],
    ['/;csv'],
  ])('%s is nothing, whatever the caller knows', async ([path = '']) => {
    const { secrets } = await wholeStack();
    const headers = { 'x-microflack-internal': secrets.internalKey };
    // Also as a proxy is asked: with the whole URL.
    for (const target of [path, `${wholeUrl()}${path}`]) {
      const { status, body } = await call('GET', target, { headers });
      // To HAProxy /api/.. is a path below /api, which nobody has registered.
      expect({ status, body }).toMatchObject(
        path.startsWith('/api/..')
          ? { status: 503, body: { code: 'no_service' } }
          : { status: 404 },
      );
      expect(JSON.stringify(body)).not.toMatch(/"kty"|process_cpu|"status":"ok"/);
    }
  });

  test('nobody outside says who is online', async () => {
    const { secrets } = await wholeStack();
    const report = { json: { holder: 'socketio-9', online: [susan.id] } };
    const headers = { 'x-microflack-internal': secrets.internalKey };
    for (const path of ['/internal/users/presence', '//internal/users/presence']) {
      expect((await call('POST', path, { ...report, headers })).status).toBe(404);
    }
  });
});

describe('behind HAProxy', () => {
  const route = '/api/test-echo';

  /** A service that nobody knew, which answers with the headers that reached it. */
  beforeAll(async () => {
    const server = createServer((request, response) => {
      response.end(request.url === '/healthz' ? '' : JSON.stringify(request.rawHeaders));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = z.object({ port: z.number() }).parse(server.address());
    const id = `test-echo-${process.pid}`;
    const service = { Name: 'test-echo', ID: id, Address: '127.0.0.1', Port: address.port };
    await consul('register', { ...service, Meta: { route } });
    await until(
      'its route is there',
      async () => (await call('GET', route)).status === 200,
      patienceMs,
    );
    return async () => {
      await consul(`deregister/${id}`);
      server.close();
    };
  });

  async function consul(path: string, body?: object): Promise<void> {
    const { ports, secrets } = await wholeStack();
    const answer = await fetch(`http://127.0.0.1:${ports.consulHttp}/v1/agent/service/${path}`, {
      method: 'PUT',
      headers: { 'x-consul-token': secrets.consulManagement },
      ...(body && { body: JSON.stringify(body) }),
    });
    expect(answer.status).toBe(200);
  }

  test('nothing arrives that a stranger says of the way, the trace, the deadline or the inside', async () => {
    const forged = 'f0f0f0f0';
    const names = [
      ...['x-forwarded-for', 'X-Forwarded-Host', 'x-forwarded-proto', 'x-forwarded-anything'],
      ...['forwarded', 'x-microflack-internal', 'X-MicroFlack-Anything', 'x-deadline-ms'],
      ...['tracestate', 'baggage'],
    ];
    const headers = {
      ...Object.fromEntries(names.map((name) => [name, forged])),
      traceparent: `00-${forged.repeat(4)}-${forged.repeat(2)}-01`,
      'x-kept': 'yes',
    };
    // A connection kept from before the route was there is sent on once.
    const { body } = await until('the echo', async () => {
      const answer = await call('GET', route, { headers });
      return answer.status === 200 && answer;
    });
    const arrived = z.array(z.string()).parse(JSON.parse(String(body)));
    expect(arrived.join()).not.toContain(forged);
    const values = (wanted: string) =>
      arrived.filter((_, index) => arrived[index - 1]?.toLowerCase() === wanted && index % 2 === 1);
    expect(values('x-kept')).toEqual(['yes']);
    expect(values('x-forwarded-for')).toEqual(['127.0.0.1']);
    expect(values('x-forwarded-proto')).toEqual(['http']);
    expect(values('traceparent')).toEqual([
      expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/),
    ]);
  });
});

describe('what HAProxy and the services refuse looks the same', () => {
  test('a path of the API that nobody has registered', async () => {
    const answer = await call('GET', '/api/nobody-has-this');
    expectProblem(answer, 503);
    expect(answer.body).toMatchObject({ code: 'no_service' });
  });

  test('a path of nothing', async () => {
    expectProblem(await call('GET', '/api/users/me/and/more'), 404);
    expectProblem(await call('GET', '/api/messages/zero'), 404);
  });

  test('a method that is none here', async () => {
    const answer = await call('DELETE', '/api/users');
    expectProblem(answer, 405);
    expect(answer.headers.allow).toBe('GET, HEAD, POST');
  });

  test('a body too large for a service, and one too large for HAProxy', async () => {
    const json = { nickname: 'x'.repeat(70_000) };
    expectProblem(await call('POST', '/api/users', { json }), 413);
    const { socket, answer } = beginPost('/api/users', 2_000_000);
    onTestFinished(() => void socket.destroy());
    expect(await answer).toMatch(/^HTTP\/1.1 413 .*"code":"too_large"/s);
  });

  test.for([
    [{ 'content-type': 'text/plain' }],
    [{ 'content-type': 'application/x-www-form-urlencoded' }],
    [{ 'content-encoding': 'gzip' }],
  ])('a body that comes as %j', async ([headers = {}]) => {
    expectProblem(await call('POST', '/api/users', { text: '{}', headers }), 415);
  });
});

test('the POSTs that are never finished are cut off', async () => {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error('still not cut off')), cutOffWithinMs);
  onTestFinished(() => clearTimeout(timer));
  for (const { answer } of stalled) {
    const said = await Promise.race([answer, late.promise]);
    expect(said).toMatch(/^HTTP\/1.1 408 /);
    expect(said).toContain('"code":"request_timeout"');
  }
});
