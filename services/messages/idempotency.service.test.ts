/** The same Idempotency-Key makes one message, however often, wherever and however much at once it comes. */
import type { RunningService } from '@microflack/common/service.ts';
import { createScope, random } from '@microflack/common/testing/parts.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { type Answer, call, list, startWorld, type World } from './testing/world.ts';

const scope = createScope();
afterAll(scope.close);

let world: World;
let first: RunningService;
let second: RunningService;
let ada: string;

beforeAll(async () => {
  world = await startWorld(scope);
  first = await world.instance();
  second = await world.instance();
  ada = world.token(1);
  await world.pool.query("INSERT INTO rooms (name) VALUES ('tea-room')");
});

interface Sending {
  key: string;
  token?: string;
  body?: unknown;
  to?: RunningService;
}

const send = ({ key, token = ada, body = { source: 'once' }, to = first }: Sending) =>
  call(to, 'POST', '/api/messages', { token, body, headers: { 'idempotency-key': key } });
const idOf = ({ body }: Answer) => z.object({ id: z.number() }).parse(body).id;
const replayed = ({ headers }: Answer) => headers.get('idempotent-replayed');
const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const stored = async (room = 'general') =>
  (await list(first, `?after=0&room=${room}&limit=200`)).messages;

test('the second time is answered with the stored message, and says so', async () => {
  const key = random();
  const once = await send({ key });
  const again = await send({ key, to: second });
  expect([once.status, replayed(once)]).toEqual([201, null]);
  expect([again.status, replayed(again)]).toEqual([201, 'true']);
  expect(again.body).toEqual(once.body);
  expect(once.body).toMatchObject({ key });
});

test('it is published again: the first time may have ended between the commit and that', async () => {
  const key = random();
  const id = idOf(await send({ key }));
  const published = async () =>
    (await world.events()).filter((one) => one.type === 'message.changed' && one.message.id === id);
  expect(await published()).toHaveLength(1);
  await send({ key });
  expect(await published()).toHaveLength(2);
});

test('with another body it is a 422', async () => {
  const key = random();
  await send({ key });
  for (const body of [{ source: 'twice' }, { source: 'once', room: 'tea-room' }]) {
    const { status, body: problem } = await send({ key, body });
    expect([status, problem]).toEqual([
      422,
      expect.objectContaining({ code: 'idempotency_key_reused' }),
    ]);
  }
});

test('another person may use the same key', async () => {
  const key = random();
  const ids = [await send({ key }), await send({ key, token: world.token(2) })].map(idOf);
  expect(new Set(ids).size).toBe(2);
});

test('keys that differ in case are two keys', async () => {
  const key = `key-${random()}`;
  const ids = [await send({ key }), await send({ key: key.toUpperCase() })].map(idOf);
  expect(new Set(ids).size).toBe(2);
});

test('it is answered with what became of the message meanwhile', async () => {
  const key = random();
  const id = idOf(await send({ key }));
  await call(first, 'PUT', `/api/messages/${id}`, { token: ada, body: { source: 'edited' } });
  expect((await send({ key })).body).toMatchObject({ id, source: 'edited', rev: 1 });
  await call(first, 'DELETE', `/api/messages/${id}`, { token: ada });
  expect(await send({ key })).toMatchObject({ status: 201, body: { id, deleted: true } });
});

test('forty at once on two instances make one message and no gap', async () => {
  const before = await stored();
  for (const key of times(5, random)) {
    const to = (index: number) => (index % 2 === 0 ? first : second);
    const answers = await Promise.all(times(40, (index) => send({ key, to: to(index) })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(idOf)).size).toBe(1);
    expect(answers.filter((answer) => replayed(answer) === null)).toHaveLength(1);
  }
  const after = await stored();
  expect(after).toHaveLength(before.length + 5);
  const seqs = after.map(({ seq }) => seq).sort((a, b) => a - b);
  expect(seqs.slice(before.length)).toEqual(
    times(5, (index) => (seqs[before.length] ?? 0) + index),
  );
});

test('new posts and repeated ones may come in one batch', async () => {
  const keys = times(10, random);
  await Promise.all(keys.slice(0, 5).map((key) => send({ key, body: { source: key } })));
  const answers = await Promise.all(
    [...keys, ...keys].map((key) => send({ key, body: { source: key } })),
  );
  for (const [index, answer] of answers.entries()) {
    expect(answer.body).toMatchObject({ source: keys[index % keys.length] });
  }
  expect(new Set(answers.map(idOf)).size).toBe(keys.length);
});

test('the same key in two rooms at once, which share no lock: the unique key decides', async () => {
  for (const key of times(10, random)) {
    const answers = await Promise.all([
      send({ key, body: { source: 'x', room: 'general' } }),
      send({ key, body: { source: 'x', room: 'tea-room' }, to: second }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 422]);
    const both = [...(await stored()), ...(await stored('tea-room'))];
    expect(both.filter((message) => message.key === key)).toHaveLength(1);
  }
});

test.each(['', ' ', 'two words', 'é', 'x'.repeat(129)])('the key %j is a 400', async (key) => {
  const encoded = Buffer.from(key).toString('latin1');
  const { status, body } = await send({ key: encoded });
  expect([status, body]).toEqual([400, expect.objectContaining({ code: 'invalid_request' })]);
});
