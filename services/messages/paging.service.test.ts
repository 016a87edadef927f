/** The order of a room: whoever pages by its number misses nothing and sees no gap, whatever happens meanwhile. */
import { createPool } from '@microflack/common/db/pool.ts';
import type { Message } from '@microflack/common/events/models.ts';
import type { RunningService } from '@microflack/common/service.ts';
import { type Scope, testSchema } from '@microflack/common/testing/parts.ts';
import { until } from '@microflack/common/testing/until.ts';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { listMessages, type Selection } from './store/reads.ts';
import { call, list, post, startWorld, type World } from './testing/world.ts';

const writers = 16;
const postsEach = 15;
const numbersUpTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

interface Pair {
  world: World;
  instances: [RunningService, RunningService];
}

async function startPair(scope: Scope): Promise<Pair> {
  const world = await startWorld(scope);
  return { world, instances: [await world.instance(), await world.instance()] };
}

/** Pages on and on until `stop` says so, and then to the end: every message as last seen, and every number as it came. */
async function readAll(service: RunningService, stop: () => boolean) {
  const known = new Map<number, Message>();
  const numbers: number[] = [];
  let cursor = 0;
  for (let last = false; ; last = stop()) {
    const { messages, change, more } = await list(service, `?after=${cursor}&limit=40`);
    for (const message of messages) {
      known.set(message.id, message);
      numbers.push(message.change);
    }
    cursor = more ? (messages.at(-1)?.change ?? cursor) : change;
    if (last && !more) return { known, numbers };
  }
}

test('16 writers and 3 readers on two instances: nothing missed, no gap, one order', async (t) => {
  const { world, instances } = await startPair(t);
  const [first, second] = instances;
  const at = (index: number) => (index % 2 === 0 ? first : second);
  let written = false;
  const reading = numbersUpTo(3).map((reader) => readAll(at(reader), () => written));
  const posted = await Promise.all(
    numbersUpTo(writers).map(async (writer) => {
      const own: Message[] = [];
      for (const index of numbersUpTo(postsEach)) {
        own.push(await post(at(writer + index), world.token(writer), `${writer}.${index}`));
      }
      return own;
    }),
  );
  written = true;
  const expected = numbersUpTo(writers * postsEach);
  expect(
    posted
      .flat()
      .map(({ seq }) => seq)
      .sort((a, b) => a - b),
  ).toEqual(expected);
  for (const { numbers } of await Promise.all(reading)) expect(numbers).toEqual(expected);
  // What somebody says after an acknowledgement stands after it.
  for (const own of posted)
    expect(own.map(({ seq }) => seq)).toEqual(own.map(({ seq }) => seq).sort((a, b) => a - b));
});

test('with edits and deletions in between, a reader ends with what is in the room', async (t) => {
  const { world, instances } = await startPair(t);
  const [first, second] = instances;
  let written = false;
  const reading = [readAll(first, () => written), readAll(second, () => written)];
  await Promise.all(
    numbersUpTo(6).map(async (writer) => {
      const token = world.token(writer);
      for (const index of numbersUpTo(9)) {
        const { id } = await post(first, token, `${writer}.${index}`);
        const body = { source: `${writer}.${index}, edited` };
        await call(second, 'PUT', `/api/messages/${id}`, { token, body });
        if (index % 3 === 0) await call(first, 'DELETE', `/api/messages/${id}`, { token });
      }
    }),
  );
  written = true;
  const truth = await readAll(first, () => true);
  const byId = (known: Map<number, Message>) => [...known.values()].sort((a, b) => a.id - b.id);
  for (const { known } of await Promise.all(reading))
    expect(byId(known)).toEqual(byId(truth.known));
  // 54 posts, 54 edits, 18 deletions, and each took one number.
  expect((await list(first, '?after=0')).change).toBe(126);
});

test('a number is not given out while an earlier one may still be committed', async (t) => {
  const { world, instances } = await startPair(t);
  const [service] = instances;
  const token = world.token(1);
  const { seq } = await post(service, token, 'before');
  const held = await world.pool.getConnection();
  t.onTestFinished(() => held.release());
  await held.beginTransaction();
  await held.query('UPDATE rooms SET last_change = last_change + 1');
  await held.query(
    `INSERT INTO messages (room_id, seq, change_number, user_id, created_at, updated_at, source, html)
     SELECT room_id, ?, ?, 2, UNIX_TIMESTAMP(), UNIX_TIMESTAMP(), 'slow', '<p>slow</p>' FROM rooms`,
    [seq + 1, seq + 1],
  );
  let isPosted = false;
  const posting = post(service, token, 'quick').finally(() => {
    isPosted = true;
  });
  await until('the post waits for the lock', async () => {
    const [waiting] = await world.pool.query(
      "SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'",
    );
    return Array.isArray(waiting) && waiting.length > 0;
  });
  expect(isPosted).toBe(false);
  expect(await list(service, `?after=${seq}`)).toMatchObject({ messages: [], change: seq });
  await held.commit();
  expect((await posting).seq).toBe(seq + 2);
  const { messages } = await list(service, `?after=${seq}`);
  expect(messages.map(({ source }) => source)).toEqual(['slow', 'quick']);
});

test('history is paged backwards from any place, and says when there is no more', async (t) => {
  const world = await startWorld(t);
  const service = await world.instance();
  for (const index of numbersUpTo(7)) await post(service, world.token(1), String(index));
  const page = async (query: string) => {
    const { messages, more } = await list(service, query);
    return [messages.map(({ source }) => source).join(' '), more];
  };
  expect(await page('?latest=3')).toEqual(['5 6 7', true]);
  expect(await page('?before=5&limit=3')).toEqual(['2 3 4', true]);
  expect(await page('?before=2&limit=3')).toEqual(['1', false]);
  expect(await page('?before=1')).toEqual(['', false]);
  await post(service, world.token(2), 'another');
  expect(await page('?user_id=1&limit=3')).toEqual(['5 6 7', true]);
  expect(await page('?user_id=1&before=3')).toEqual(['1 2', false]);
  expect(await page('?user_id=2')).toEqual(['another', false]);
  expect(await page('?user_id=3')).toEqual(['', false]);
  expect(await page('?updated_since=0&limit=2')).toEqual(['7 another', true]);
  expect(await page('?after=4&limit=2')).toEqual(['5 6', true]);
  expect(await page('?after=8')).toEqual(['', false]);
  expect(await page('?after=999')).toEqual(['', false]);
});

test('every list reads as many rows as it gives, wherever in a long room it begins', async (t) => {
  const pool = createPool(await testSchema(t, 'messages'), { size: 1 });
  t.onTestFinished(() => pool.end());
  await pool.query(
    `INSERT INTO messages (room_id, seq, change_number, user_id, created_at, updated_at, source, html)
     SELECT room_id, seq, seq, seq % 100, UNIX_TIMESTAMP(), UNIX_TIMESTAMP() - 30000 + seq, 'x', 'x'
     FROM rooms JOIN seq_1_to_20000`,
  );
  await pool.query('UPDATE rooms SET last_change = 20000');
  await pool.query('ANALYZE TABLE messages');
  const now = Math.floor(Date.now() / 1_000);
  const selections: Selection[] = [
    { kind: 'newest' },
    { kind: 'newest', author: 1 },
    ...[0, 5_000, 10_000, 15_000, 19_990].flatMap((place): Selection[] => [
      { kind: 'after', change: place },
      { kind: 'newest', before: place },
      { kind: 'newest', before: place, author: 2 },
      { kind: 'since', seconds: now - place },
    ]),
  ];
  for (const selection of selections) {
    const before = await rowsRead(pool);
    await listMessages(pool, { room: 'general', limit: 50, selection });
    expect((await rowsRead(pool)) - before, JSON.stringify(selection)).toBeLessThan(60);
  }
});

const counters = z.array(z.object({ Variable_name: z.string(), Value: z.coerce.number() }));

/** By the one connection of the pool: keys looked up, and rows walked along an index in either direction. */
async function rowsRead(pool: World['pool']): Promise<number> {
  const [rows] = await pool.query(
    "SHOW SESSION STATUS WHERE Variable_name IN ('Handler_read_key', 'Handler_read_next', 'Handler_read_prev')",
  );
  return counters.parse(rows).reduce((sum, { Value }) => sum + Value, 0);
}
