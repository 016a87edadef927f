import type { RunningService } from '@microflack/common/service.ts';
import { createScope } from '@microflack/common/testing/parts.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, call, list, post, startWorld, type World } from './testing/world.ts';

const scope = createScope();
afterAll(scope.close);

let world: World;
let service: RunningService;
let ada: string;
let bob: string;

beforeAll(async () => {
  world = await startWorld(scope);
  service = await world.instance();
  ada = world.token(1);
  bob = world.token(2);
});

const send = (body: unknown, token = ada) =>
  call(service, 'POST', '/api/messages', { token, body });
const problem = ({ status, body, headers }: Answer) => ({
  status,
  type: headers.get('content-type'),
  body,
});
const isProblem = (status: number, code: string) => ({
  status,
  type: 'application/problem+json',
  body: expect.objectContaining({ status, code }),
});
const isUnauthorized = {
  status: 401,
  challenge: 'Bearer realm="Authentication Required"',
  body: { error: 'authentication required' },
};
const refusal = ({ status, headers, body }: Answer) => ({
  status,
  challenge: headers.get('www-authenticate'),
  body,
});

describe('POST /api/messages', () => {
  test('answers 201 with the message and where it is', async () => {
    const before = Math.floor(Date.now() / 1_000);
    const { status, body, headers } = await send({ source: 'hello **world**' });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.any(Number),
      created_at: expect.any(Number),
      updated_at: expect.any(Number),
      source: 'hello **world**',
      html: '<p>hello <strong>world</strong></p>',
      user_id: 1,
      room: 'general',
      seq: expect.any(Number),
      change: expect.any(Number),
      rev: 0,
      _links: { self: headers.get('location'), user: '/api/users/1' },
    });
    expect(body).toMatchObject({ created_at: expect.toSatisfy((at) => at >= before - 1) });
    expect(await call(service, 'GET', headers.get('location') ?? '')).toMatchObject({
      status: 200,
      body,
    });
  });

  test('keeps emoji, CJK and every other character', async () => {
    const source = '👩‍👩‍👧 漢字 한글 العربية \u0001 é \\ \' " `';
    const { id } = await post(service, ada, source);
    expect((await call(service, 'GET', `/api/messages/${id}`)).body).toMatchObject({ source });
  });

  test('accepts 16,384 characters of any kind', async () => {
    for (const character of ['a', '漢', '"', '\u0001']) {
      const source = character.repeat(16_384);
      expect(await send({ source: `${source.slice(1)}a` })).toMatchObject({ status: 201 });
    }
  });

  test('stores half a surrogate pair as what UTF-8 has for it', async () => {
    const { body } = await call(service, 'POST', '/api/messages', {
      token: ada,
      text: '{"source":"x\\ud83d"}',
    });
    expect(body).toMatchObject({ source: 'x\ufffd' });
  });

  test('is refused without a valid token', async () => {
    const body = { source: 'x' };
    const none = await call(service, 'POST', '/api/messages', { body });
    expect(refusal(none)).toEqual(isUnauthorized);
    expect(refusal(await send(body, 'nonsense'))).toEqual(isUnauthorized);
    const headers = { authorization: 'Basic YTpi' };
    const basic = await call(service, 'POST', '/api/messages', { body, headers });
    expect(refusal(basic)).toEqual(isUnauthorized);
  });

  test.each([
    ['no source', {}],
    ['an empty source', { source: '' }],
    ['nothing but spaces', { source: ' \n\t ' }],
    ['a number', { source: 7 }],
    ['null as a source', { source: null }],
    ['an object', { source: { toString: 1 } }],
    ['too many characters', { source: 'x'.repeat(16_385) }],
    ['an id from outside', { source: 'x', id: 1 }],
    ['an author from outside', { source: 'x', user_id: 2 }],
    ['HTML from outside', { source: 'x', html: '<script>' }],
    ['a room that is none', { source: 'x', room: 'No Room' }],
    ['a room that is a number', { source: 'x', room: 1 }],
  ])('is a 400 with %s', async (_what, body) => {
    expect(problem(await send(body))).toEqual(isProblem(400, 'invalid_request'));
  });

  test.each(['null', '[]', '"x"', '{"source":', '{"source":"x"}}'])(
    'is a 400 where the body is %j',
    async (text) => {
      const answer = await call(service, 'POST', '/api/messages', { token: ada, text });
      expect(problem(answer)).toEqual(isProblem(400, 'invalid_json'));
    },
  );

  test('is a 413 with a body beyond all sense', async () => {
    const answer = await send({ source: 'x'.repeat(200_000) });
    expect(problem(answer)).toEqual(isProblem(413, 'body_too_large'));
  });

  test('is a 404 in a room that is not there', async () => {
    const answer = await send({ source: 'x', room: 'nowhere' });
    expect(problem(answer)).toEqual(isProblem(404, 'not_found'));
  });
});

describe('GET /api/messages', () => {
  test('is for everybody, but not with a bad token', async () => {
    expect((await call(service, 'GET', '/api/messages')).status).toBe(200);
    const headers = { authorization: 'Basic YTpi' };
    expect((await call(service, 'GET', '/api/messages', { headers })).status).toBe(200);
    const bad = await call(service, 'GET', '/api/messages', { token: 'nonsense' });
    expect(refusal(bad)).toEqual(isUnauthorized);
  });

  test.each([
    'updated_since=x',
    'updated_since=',
    'updated_since=-1',
    'updated_since=1.5',
    'updated_since=1e3',
    'updated_since=99999999999999999999',
    'updated_since=1&updated_since=2',
    'after=x',
    'before=%00',
    'limit=0',
    'limit=201',
    'limit=x',
    'latest=0',
    'latest=201',
    'after=1&before=2',
    'after=1&updated_since=2',
    'room=No%20Room',
    "room='",
  ])('is a 400 with %s', async (query) => {
    const answer = await call(service, 'GET', `/api/messages?${query}`);
    expect(problem(answer)).toEqual(isProblem(400, 'invalid_request'));
  });

  test('is a 404 for a room that is not there', async () => {
    const answer = await call(service, 'GET', '/api/messages?room=nowhere');
    expect(problem(answer)).toEqual(isProblem(404, 'not_found'));
  });

  test('gives what changed since a time, by that time, and never what is older than a day', async () => {
    const [old, recent, later] = [
      await post(service, ada, 'old'),
      await post(service, ada, 'recent'),
      await post(service, ada, 'later'),
    ];
    const age = (id: number, seconds: number) =>
      world.pool.query('UPDATE messages SET updated_at = UNIX_TIMESTAMP() - ? WHERE id = ?', [
        seconds,
        id,
      ]);
    await age(old.id, 86_401);
    await age(recent.id, 86_300);
    await age(later.id, 80_000);
    const idsSince = async (since: number) =>
      (await list(service, `?updated_since=${since}`)).messages.map(({ id }) => id);
    const all = await idsSince(0);
    expect(all.slice(0, 2)).toEqual([recent.id, later.id]);
    expect(all).not.toContain(old.id);
    const now = Math.floor(Date.now() / 1_000);
    expect((await idsSince(now - 86_000))[0]).toBe(later.id);
    expect(await idsSince(now + 100)).toEqual([]);
  });

  test('leaves unknown members of the query alone, as old clients add some against caches', async () => {
    expect((await call(service, 'GET', '/api/messages?_=1700000000')).status).toBe(200);
  });

  test('knows the rooms and their numbers', async () => {
    const { seq } = await post(service, ada, 'x');
    expect(await call(service, 'GET', '/api/messages/rooms')).toMatchObject({
      status: 200,
      body: { rooms: [{ name: 'general', change: seq }] },
    });
  });
});

describe('one message', () => {
  test.each(['0', 'x', '1x', '-1', '99999999999', '1e1'])('is a 404 with the id %s', async (id) => {
    const answer = await call(service, 'GET', `/api/messages/${id}`);
    expect(problem(answer)).toEqual(isProblem(404, 'not_found'));
  });

  test('is edited by its author: rendered anew, one change further on, at its old place', async () => {
    const { id, seq, change } = await post(service, ada, 'one');
    const path = `/api/messages/${id}`;
    const answer = await call(service, 'PUT', path, { token: ada, body: { source: '_two_' } });
    expect(answer).toMatchObject({ status: 204, body: '' });
    const { body } = await call(service, 'GET', path);
    const html = '<p><em>two</em></p>';
    expect(body).toMatchObject({ source: '_two_', html, seq, change: change + 1, rev: 1 });
  });

  test('is not changed by an edit that changes nothing', async () => {
    const { id, change } = await post(service, ada, 'same');
    await call(service, 'PUT', `/api/messages/${id}`, { token: ada, body: { source: 'same' } });
    expect((await call(service, 'GET', `/api/messages/${id}`)).body).toMatchObject({
      rev: 0,
      change,
    });
  });

  test('is edited and deleted by nobody else', async () => {
    const path = `/api/messages/${(await post(service, ada, 'mine')).id}`;
    const body = { source: 'yours' };
    const put = await call(service, 'PUT', path, { token: bob, body });
    expect(problem(put)).toEqual(isProblem(403, 'not_the_author'));
    expect(problem(await call(service, 'DELETE', path, { token: bob }))).toEqual(
      isProblem(403, 'not_the_author'),
    );
    expect(refusal(await call(service, 'PUT', path, { body }))).toEqual(isUnauthorized);
    expect(refusal(await call(service, 'DELETE', path))).toEqual(isUnauthorized);
    expect((await call(service, 'GET', path)).body).toMatchObject({ source: 'mine', rev: 0 });
  });

  test('that is not there is not edited: 404', async () => {
    const answer = await call(service, 'PUT', '/api/messages/99999999', {
      token: ada,
      body: { source: 'x' },
    });
    expect(problem(answer)).toEqual(isProblem(404, 'not_found'));
  });

  test.each([{}, { source: '' }, { source: ' ' }, { source: 'x', user_id: 2 }])(
    'is not edited with %j: 400',
    async (body) => {
      const { id } = await post(service, ada, 'x');
      const answer = await call(service, 'PUT', `/api/messages/${id}`, { token: ada, body });
      expect(problem(answer)).toEqual(isProblem(400, 'invalid_request'));
    },
  );

  test('is deleted by its author, and a tombstone without words is left for who catches up', async () => {
    const { id, seq, change } = await post(service, ada, 'regrettable');
    const path = `/api/messages/${id}`;
    expect((await call(service, 'DELETE', path, { token: ada })).status).toBe(204);
    expect((await call(service, 'GET', path)).status).toBe(404);
    expect((await call(service, 'DELETE', path, { token: ada })).status).toBe(404);
    const body = { source: 'x' };
    expect((await call(service, 'PUT', path, { token: ada, body })).status).toBe(404);
    const { messages } = await list(service, `?after=${change}`);
    expect(messages).toEqual([
      expect.objectContaining({ id, seq, change: change + 1, deleted: true, source: '', html: '' }),
    ]);
    for (const query of ['?updated_since=0', '?latest=200', `?before=${seq + 1}&limit=200`]) {
      expect((await list(service, query)).messages.map((one) => one.id)).not.toContain(id);
    }
  });
});

test('other methods are a 405 that names the right ones', async () => {
  const answer = await call(service, 'PATCH', '/api/messages', { token: ada, body: {} });
  expect(problem(answer)).toEqual(isProblem(405, 'method_not_allowed'));
  expect(answer.headers.get('allow')).toBe('GET, HEAD, POST');
});

test('every change is published before it is acknowledged', async () => {
  const { id } = await post(service, ada, 'event');
  const latest = async () =>
    (await world.events()).findLast((one) => one.type === 'message.changed');
  expect(await latest()).toMatchObject({ room: 'general', message: { id, source: 'event' } });
  await call(service, 'PUT', `/api/messages/${id}`, { token: ada, body: { source: 'edited' } });
  expect(await latest()).toMatchObject({ message: { id, source: 'edited', rev: 1 } });
  await call(service, 'DELETE', `/api/messages/${id}`, { token: ada });
  expect(await latest()).toMatchObject({ message: { id, deleted: true } });
});
