/** The service beside the real messages and users: what it counts, and what cannot make it count wrong. */
import { createPool } from '@microflack/common/db/pool.ts';
import { type RunningService, startService } from '@microflack/common/service.ts';
import { createScope, random, testSettings } from '@microflack/common/testing/parts.ts';
import { until } from '@microflack/common/testing/until.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { messages } from '../messages/service.ts';
import {
  call,
  newPerson,
  type Person,
  signIn,
  started,
  startWorld,
  type World,
} from '../users/testing/world.ts';
import { popularity } from './service.ts';
import { createStore } from './store.ts';

const answer = z.strictObject({
  people: z.array(
    z.strictObject({ user_id: z.number(), nickname: z.string().nullable(), messages: z.number() }),
  ),
  query_ms: z.number().nonnegative(),
  instance: z.string(),
  version: z.string(),
});

const scope = createScope();
let world: World;
let chat: RunningService;
let shared: Record<string, string>;

beforeAll(async () => {
  world = await startWorld(scope);
  const { EVENTS_STREAM = '' } = world.usersEnvironment;
  chat = await started(
    scope,
    startService(messages, await testSettings(scope, 'messages', { EVENTS_STREAM })),
  );
  const { MYSQL_URL = '' } = await testSettings(scope, 'popularity');
  shared = { EVENTS_STREAM, MYSQL_URL };
});
afterAll(() => scope.close());

/** Another instance on the one table; it must have stopped before the next test, which may want none. */
async function anInstance(
  t: { onTestFinished(cleanUp: () => Promise<void>): void },
  extra: Record<string, string> = {},
): Promise<RunningService> {
  const settings = await testSettings(scope, 'popularity', { ...shared, ...extra });
  const service = await startService(popularity, settings);
  t.onTestFinished(() => service.stop());
  return service;
}

const ask = async (service: RunningService, query = '') =>
  answer.parse((await call(service, 'GET', `/api/popularity${query}`)).body);

async function countOf(service: RunningService, { id }: Person): Promise<number> {
  const { people } = await ask(service, '?limit=50');
  return people.find(({ user_id }) => user_id === id)?.messages ?? 0;
}

const counts = (service: RunningService, person: Person, expected: number) =>
  until(`${expected} messages`, async () => (await countOf(service, person)) === expected);

/** Somebody who says so many things; the paths of their messages. */
async function say(token: string, times: number): Promise<string[]> {
  const post = async () => {
    const body = { source: 'x' };
    const { status, headers } = await call(chat, 'POST', '/api/messages', { token, body });
    expect(status).toBe(201);
    return headers.get('location') ?? '';
  };
  return Promise.all(Array.from({ length: times }, post));
}

test('those who said most come first, by name; what is edited counts once, what is deleted no more', async (t) => {
  const [ada, bob] = [await newPerson(world), await newPerson(world)];
  const [adas, bobs] = [await signIn(world, ada), await signIn(world, bob)];
  const service = await anInstance(t, { MF_VERSION: 'popularity_v7' });
  await say(adas, 2);
  const [one = '', other = ''] = await say(bobs, 4);
  await counts(service, bob, 4);
  expect(await ask(service, '?limit=2')).toMatchObject({
    people: [
      { user_id: bob.id, nickname: bob.nickname, messages: 4 },
      { user_id: ada.id, nickname: ada.nickname, messages: 2 },
    ],
    instance: service.instance,
    version: 'popularity_v7',
  });
  await call(chat, 'PUT', one, { token: bobs, body: { source: 'y' } });
  await call(chat, 'DELETE', other, { token: bobs });
  await counts(service, bob, 3);
});

test('what was said while no instance was there is counted by the next one', async (t) => {
  const eve = await newPerson(world);
  const token = await signIn(world, eve);
  const first = await anInstance(t);
  await say(token, 1);
  await counts(first, eve, 1);
  await first.stop();
  await say(token, 250); // more than a page
  await counts(await anInstance(t), eve, 251);
});

test('instances that feed one table at the same time count each message once', async (t) => {
  const joe = await newPerson(world);
  const token = await signIn(world, joe);
  const crew = await Promise.all([anInstance(t), anInstance(t), anInstance(t)]);
  const [gone = ''] = await say(token, 1);
  await Promise.all([say(token, 40), call(chat, 'DELETE', gone, { token }), say(token, 40)]);
  for (const service of crew) await counts(service, joe, 80);
});

test('an older truth that comes late does not undo a newer one', async () => {
  const pool = createPool(shared.MYSQL_URL ?? '');
  scope.onTestFinished(() => pool.end());
  const store = createStore(pool);
  const room = `r-${random()}`;
  const said = { id: 4_000_000_000, user_id: 4_000_000_000, deleted: false };
  const mine = async () =>
    (await store.mostActive(50)).filter(({ user_id }) => user_id === said.user_id);
  await store.learn(room, [{ ...said, change: 3 }], 3);
  expect(await mine()).toHaveLength(1);
  await store.learn(room, [{ ...said, change: 9, deleted: true }], 9);
  await store.learn(room, [{ ...said, change: 3 }], 3);
  expect(await mine()).toHaveLength(0);
  expect(await store.reached(room)).toBe(9);
});

test('without any event it finds what is new, a little later', async (t) => {
  const deaf = { EVENTS_STREAM: `t:${random()}`, LOOK_INTERVAL_MS: '50' };
  const service = await anInstance(t, deaf);
  const amy = await newPerson(world);
  await say(await signIn(world, amy), 3);
  await counts(service, amy, 3);
});

test('it can be asked for 1 to 50 people, and nothing else', async (t) => {
  const service = await anInstance(t);
  for (const limit of ['0', '51', '-1', '1e1', 'x', '']) {
    const { status, headers, body } = await call(service, 'GET', `/api/popularity?limit=${limit}`);
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect({ status, body }).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  }
  const { status, headers } = await call(service, 'POST', '/api/popularity');
  expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});

test('while users is away people are counted all the same, without a name', async (t) => {
  const zoe = await newPerson(world);
  await say(await signIn(world, zoe), 300);
  await world.users.stop();
  const service = await anInstance(t);
  await counts(service, zoe, 300);
  const { people } = await ask(service, '?limit=1');
  expect(people).toEqual([{ user_id: zoe.id, nickname: null, messages: 300 }]);
});
