/** What a browser misses while Redis is away, it learns of by the beacon when Redis is back. */
import { createScope } from '@microflack/common/testing/parts.ts';
import { until } from '@microflack/common/testing/until.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { type Chat, startChat } from './testing/chat.ts';
import { type OwnRedis, startOwnRedis } from './testing/own-redis.ts';
import { next, openClient } from './testing/serve.ts';

const beacon = z.object({ room: z.literal('general'), change: z.number() });
const scope = createScope();
let redis: OwnRedis;
let chat: Chat;
beforeAll(async () => {
  redis = await startOwnRedis(scope);
  chat = await startChat(scope, { REDIS_URL: redis.url });
});
afterAll(scope.close);

it('is told of messages that were posted while Redis was away', async (t) => {
  const { url } = await chat.sockets(t, { REDIS_URL: redis.url });
  const { token } = await chat.person();
  const tab = openClient(url, { auth: { token } });
  await next(tab, 'connect');
  const pushes: unknown[] = [];
  const beacons: number[] = [];
  tab.on('updated_model', (push) => pushes.push(push));
  tab.on('room_beacon', (arrived) => beacons.push(beacon.parse(arrived).change));

  await redis.kill();
  const missed = await chat.post('while Redis was away', token);
  expect(pushes).toEqual([]);
  await redis.start();
  await until('the beacon', () => beacons.some((change) => change >= missed.change));

  await chat.post('and on it goes', token);
  await until('the push', () => pushes.length > 0);
});

it('tells a browser that connects later the newest change there is', async (t) => {
  const { url } = await chat.sockets(t, { REDIS_URL: redis.url });
  const { token } = await chat.person();
  const early = openClient(url);
  await next(early, 'connect');
  const pushed = next(early, 'updated_model');
  const { change } = await chat.post('before it came', token);
  await pushed;
  expect(await next(openClient(url), 'room_beacon')).toEqual({ room: 'general', change });
});
