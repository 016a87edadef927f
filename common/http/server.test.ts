import { once } from 'node:events';
import { connect } from 'node:net';
import express from 'express';
import { expect, type TestContext, test, vi } from 'vitest';
import { z } from 'zod';
import { currentContext } from '../context.ts';
import { createMetrics } from '../metrics.ts';
import { recordingLog } from '../testing/log.ts';
import { createApp, type ServingState } from './app.ts';
import { createHttpServer, listen } from './listen.ts';
import { internalOnly, jsonBody, methods, parse } from './server.ts';

const note = z.strictObject({ text: z.string().min(1), stars: z.number().optional() });
const internalKey = 'a-key-of-some-length';

/** A small service, listening; `call` asks it. */
async function build(t: TestContext, state: ServingState = 'serving') {
  const { log, lines } = recordingLog();
  const { app, finish } = createApp({ log, metrics: createMetrics(), state: () => state });
  methods(app, '/notes', {
    get: (_request, response) => void response.json(currentContext()),
    post: [
      jsonBody({ limit: 1_000 }),
      (request, response) => void response.status(201).json(parse(note, request.body, 'note')),
    ],
  });
  methods(app, '/broken', {
    get: () => {
      throw new TypeError('the secret is 42');
    },
  });
  const inner = express.Router();
  inner.get('/here', (_request, response) => void response.json({}));
  app.use('/internal', internalOnly(internalKey), inner);
  finish();
  const server = createHttpServer(app);
  const port = await listen(server, '127.0.0.1', 0);
  t.onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const call = async (path: string, init?: RequestInit) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
    const text = await response.text();
    const body: unknown = text ? JSON.parse(text) : undefined;
    return { status: response.status, headers: Object.fromEntries(response.headers), body };
  };
  const post = (body: string, type = 'application/json') =>
    call('/notes', { method: 'POST', body, headers: { 'content-type': type } });
  return { call, post, lines, port };
}

test('a body that fits is handed on as the schema knows it', async (t) => {
  const { post } = await build(t);
  const { status, body } = await post('{"text":"hello 🦊"}');
  expect([status, body]).toEqual([201, { text: 'hello 🦊' }]);
});

test.for(['null', '[]', '7', '"text"', '{"text":'])(
  'the body %s is no JSON object, and says so',
  async (body, t) => {
    const { post } = await build(t);
    expect(await post(body)).toMatchObject({ status: 400, body: { code: 'invalid_json' } });
  },
);

test('a 400 lists every fault, and answers as problem+json', async (t) => {
  const { post } = await build(t);
  const { status, headers, body } = await post('{"text":7,"stars":"many","id":1}');
  expect(status).toBe(400);
  expect(headers['content-type']).toBe('application/problem+json');
  expect(body).toMatchObject({ code: 'invalid_request', title: 'Bad Request' });
  expect(JSON.stringify(body)).toMatch(/text.*stars.*id/);
});

test('a body over the limit is 413, another content type or a compressed one 415', async (t) => {
  const { post, call } = await build(t);
  const tooLong = JSON.stringify({ text: 'x'.repeat(2_000) });
  expect(await post(tooLong)).toMatchObject({ status: 413, body: { code: 'body_too_large' } });
  expect(await post('text=hello', 'application/x-www-form-urlencoded')).toMatchObject({
    status: 415,
    body: { code: 'unsupported_media_type' },
  });
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
  const zipped = await call('/notes', { method: 'POST', body: 'xx', headers });
  expect(zipped.status).toBe(415);
});

test('a post without any body is 400, whatever its type', async (t) => {
  const { call } = await build(t);
  const expected = { status: 400, body: { code: 'invalid_json' } };
  expect(await call('/notes', { method: 'POST' })).toMatchObject(expected);
  expect(await call('/notes', { method: 'POST', body: '' })).toMatchObject(expected);
});

test('an unknown method is 405 and says which there are; an unknown path is 404', async (t) => {
  const { call } = await build(t);
  const answer = await call('/notes', { method: 'DELETE' });
  expect(answer).toMatchObject({ status: 405, body: { code: 'method_not_allowed' } });
  expect(answer.headers.allow).toBe('GET, HEAD, POST');
  expect(await call('/nothing')).toMatchObject({ status: 404, body: { code: 'not_found' } });
  expect((await call('/%E0%A4%A')).status).toBe(404);
});

test('an unexpected error is a bare 500 to the caller, and a whole one in the log', async (t) => {
  const { call, lines } = await build(t);
  const answer = await call('/broken');
  expect(answer).toMatchObject({ status: 500, body: { code: 'internal' } });
  expect(JSON.stringify(answer)).not.toContain('secret');
  expect(lines.find(({ event }) => event === 'http.failed')).toMatchObject({
    level: 'error',
    err: { message: 'the secret is 42' },
  });
});

test('a request takes part in the trace of its caller', async (t) => {
  const { call } = await build(t);
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const { body } = await call('/notes', {
    headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01` },
  });
  expect(body).toMatchObject({ traceId, parentSpanId: 'b7ad6b7169203331' });
});

test('work whose deadline has passed is refused before it begins', async (t) => {
  const { call } = await build(t);
  const late = await call('/notes', { headers: { 'x-deadline-ms': '0' } });
  expect(late).toMatchObject({ status: 504, body: { code: 'deadline_exceeded' } });
});

test('internal paths do not exist for those without the key', async (t) => {
  const { call } = await build(t);
  expect((await call('/internal/here')).status).toBe(404);
  const header = 'x-microflack-internal';
  expect((await call('/internal/here', { headers: { [header]: 'wrong' } })).status).toBe(404);
  expect((await call('/internal/here', { headers: { [header]: internalKey } })).status).toBe(200);
});

test.for([
  ['starting', 503],
  ['serving', 200],
  ['draining', 503],
] as const)(
  'an instance that is %s answers its health check with %i',
  async ([state, status], t) => {
    const { call } = await build(t, state);
    expect((await call('/healthz')).status).toBe(status);
  },
);

test('a draining instance serves on, and asks for the connection to be closed', async (t) => {
  const { call } = await build(t, 'draining');
  const { status, headers } = await call('/notes');
  expect([status, headers.connection]).toEqual([200, 'close']);
});

test('answers do not tell what they are made with', async (t) => {
  const { call } = await build(t);
  const { headers } = await call('/notes');
  expect(headers).not.toHaveProperty('x-powered-by');
  expect(headers).not.toHaveProperty('etag');
});

test('requests are measured by route, not by path', async (t) => {
  const { call, port } = await build(t);
  await call('/notes?after=7');
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  expect(text).toContain('http_server_seconds_count{method="GET",route="/notes",status="200"} 1');
});

test('a caller that hangs up in the middle of a body leaves nothing in flight', async (t) => {
  const { call, port, lines } = await build(t);
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const head = 'POST /notes HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';
  socket.write(`${head}content-length: 100\r\n\r\n{"te`);
  await vi.waitFor(async () => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(text).toContain('http_server_in_flight 1');
  });
  socket.destroy();
  await vi.waitFor(async () => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(text).toContain('http_server_in_flight 0');
  });
  expect((await call('/notes')).status).toBe(200);
  expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
});
