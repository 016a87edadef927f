/**
 * Whatever dies while people chat comes back by itself: every message that was acknowledged is there once, and reaches
 * everybody. Programs are killed by their pids, and supervisord starts them again.
 */
import { until } from '@microflack/common/testing/until.ts';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { expectUnauthorized } from './client/expect.ts';
import { call, tryCall } from './client/http.ts';
import {
  aPerson,
  mark,
  type Person,
  post,
  postedWith,
  roomChange,
  signIn,
} from './client/person.ts';
import { aReader } from './client/reader.ts';
import { aWriter } from './client/writer.ts';
import { agreed, healthy, instances, kill, start, stop } from './setup/whole.ts';

const patienceMs = 60_000;
const longTest = { timeout: 150_000 };
/** Less than the 10 s for which the dead are kept when Consul is in doubt. */
const agreedWithinMs = 8_000;

let people: Person[];

beforeAll(async () => {
  people = await Promise.all([aPerson(), aPerson(), aPerson()]);
});
afterEach(healthy);

/** Three who write and two who read. */
async function aChat() {
  const [word, before] = [mark(), await roomChange()];
  const readers = await Promise.all([aReader(['websocket']), aReader(['polling'])]);
  const writers = people.map((person) => aWriter(person, word));
  const stored = async () => (await postedWith(word, before)).map(({ source }) => source);
  return {
    stored,
    seen: () => readers.map((reader) => reader.texts(word)),
    goOn: () => Promise.all(writers.map((writer) => writer.goOn())),
    failures: () => writers.reduce((sum, writer) => sum + writer.failures(), 0),
    stopWriting: () => Promise.all(writers.map((writer) => writer.stop())),
    /** Nothing lost, nothing doubled, and everybody sees it in the same order. */
    async expectWhole() {
      const written = writers.flatMap(({ acknowledged }) => acknowledged);
      const inOrder = await stored();
      expect(inOrder.toSorted()).toEqual(written.toSorted());
      for (const reader of readers) {
        const seesAll = () => reader.texts(word).length >= inOrder.length;
        await until('everything is on the page', seesAll, patienceMs);
        expect(reader.texts(word)).toEqual(inOrder);
      }
    },
  };
}

describe('while people chat', () => {
  /** Those who write notice the first three, as their requests fail for a moment. */
  const noticed = [['messages'], ['mariadb'], ['haproxy']];
  const unnoticed = [['redis'], ['consul'], ['lb'], ['socketio', 'users', 'tokens', 'ui']];
  const all = [...noticed, ...unnoticed].map((died) => ({ died, names: died.join(', ') }));

  test.for(all)('nothing is lost by the death of $names', longTest, async ({ died }) => {
    const isOfDied = (id: string) => died.some((name) => id.startsWith(`${name}-`));
    const before = (await instances()).filter(isOfDied);
    const chat = await aChat();
    await chat.goOn();
    const back = await kill(died);
    await chat.goOn();
    await back();
    await chat.goOn();
    await chat.stopWriting();
    await chat.expectWhole();
    if (unnoticed.includes(died)) expect(chat.failures()).toBe(0);

    // Those who died are forgotten, and nobody has taken over their ids.
    const successors = async () => {
      const now = (await instances()).filter(isOfDied);
      return now.length === before.length && now.every((id) => !before.includes(id));
    };
    await until('instances with new ids, and no others', successors, patienceMs);
    await agreed(agreedWithinMs);
  });
});

test('what was posted while Redis was away arrives when it is back, without a further post', async () => {
  const chat = await aChat();
  await chat.goOn();
  await stop('redis');
  await chat.goOn();
  await chat.stopWriting();
  const { length } = await chat.stored();
  for (const texts of chat.seen()) expect(texts.length).toBeLessThan(length);
  await start('redis');
  await chat.expectWhole();
  expect(chat.failures()).toBe(0);
});

test(
  'a revoked token stays revoked when tokens, messages and Redis have died',
  longTest,
  async () => {
    const person = await aPerson();
    const good = await signIn(person.login);
    await call('DELETE', '/api/tokens', { bearer: person.token });
    await kill(['tokens', 'messages', 'redis']);

    const attempt = async (bearer: string) =>
      (await tryCall('POST', '/api/messages', { bearer, json: { source: 'back again' } }))?.status;
    const statuses = new Set<number | undefined>();
    const isBack = async () => {
      statuses.add(await attempt(person.token));
      return (await attempt(good)) === 201;
    };
    await until('messages takes a good token again', isBack, patienceMs);
    await healthy();
    statuses.add(await attempt(person.token));
    // While it does not know yet who was revoked, it lets nobody in.
    expect(statuses).not.toContain(201);
    expect(statuses).toContain(401);
    expectUnauthorized(await call('PUT', '/api/tokens', { bearer: person.token }));
    await post(good, 'still here');
  },
);
