import { expect, type TestContext, test } from 'vitest';
import { recordingLog, silentLog } from '../testing/log.ts';
import { ownRedis } from '../testing/own-part.ts';
import { random, testParts } from '../testing/parts.ts';
import { until } from '../testing/until.ts';
import { createPublisher } from './publish.ts';
import { subscribe } from './subscribe.ts';

const beacon = (change: number) => ({ type: 'room.beacon', room: 'general', change }) as const;

/**
 * A publisher and a subscriber of one stream; `seen` are the numbers of the beacons that arrived.
 */
function build(t: TestContext, redisUrl = testParts().redisUrl) {
  const stream = `t:${random()}`;
  const { log, events } = recordingLog();
  const publisher = createPublisher(redisUrl, silentLog, { stream });
  t.onTestFinished(publisher.close);
  const listen = () => {
    const seen: number[] = [];
    const gaps: number[] = [];
    const { ready, close } = subscribe(redisUrl, {
      stream,
      log,
      onEvent: (event) => event.type === 'room.beacon' && seen.push(event.change),
      onGap: () => gaps.push(seen.length),
    });
    t.onTestFinished(close);
    return { seen, gaps, ready, close };
  };
  const publish = (...changes: number[]) => publisher.publish(changes.map(beacon));
  const published = (change: number) => until(`${change} was published`, () => publish(change));
  return { publisher, listen, publish, published, events };
}

test('what is published reaches every subscriber, in order', async (t) => {
  const { listen, publish, published } = build(t);
  const [one, other] = [listen(), listen()];
  await Promise.all([one.ready, other.ready]);
  await published(1);
  expect(await publish(2, 3)).toBe(true);
  for (const { seen } of [one, other]) {
    await until('all have arrived', () => seen.length === 3);
    expect(seen).toEqual([1, 2, 3]);
  }
});

test('a subscriber hears what comes from now on, and not what was before', async (t) => {
  const { listen, published } = build(t);
  await published(1);
  const { seen, ready } = listen();
  await ready;
  await published(2);
  await until('the new one has arrived', () => seen.length === 1);
  expect(seen).toEqual([2]);
});

test('an event that this release does not know is passed over', async (t) => {
  const { publisher, listen, published } = build(t);
  const { seen, ready } = listen();
  await ready;
  await published(1);
  // As a newer release's would be.
  await publisher.publish([{ ...beacon(2), type: 'room.painted' } as never]);
  await published(3);
  await until('the known ones have arrived', () => seen.length === 2);
  expect(seen).toEqual([1, 3]);
});

test('a Redis that was killed and lost everything: publishing fails at once, then all goes on', async (t) => {
  const redis = ownRedis(t);
  redis.start();
  const { publisher, listen, publish, published } = build(t, redis.url);
  let reconnects = 0;
  publisher.onReconnect(() => {
    reconnects += 1;
  });
  const { seen, gaps, ready } = listen();
  await ready;
  await published(1);
  await until('it has arrived', () => seen.length === 1);
  const before = reconnects;

  await redis.kill();
  const startedAt = performance.now();
  expect(await publish(2)).toBe(false);
  expect(performance.now() - startedAt).toBeLessThan(600);

  redis.start();
  await until('the publisher is told to send its beacons', () => reconnects > before);
  await until('the subscriber knows that it may have missed something', () => gaps.length === 1);
  await published(3);
  await until('the next one has arrived', () => seen.length === 2);
  expect(seen).toEqual([1, 3]);
});

test('a frozen Redis holds up one post for half a second, and no other', async (t) => {
  const redis = ownRedis(t);
  redis.start();
  const { publish, published } = build(t, redis.url);
  await published(1);
  redis.freeze();
  expect(await publish(2)).toBe(false);
  const startedAt = performance.now();
  expect(await publish(3)).toBe(false);
  expect(performance.now() - startedAt).toBeLessThan(50);
  redis.thaw();
  await published(4);
});

test('a subscriber of a frozen Redis comes back by itself', async (t) => {
  const redis = ownRedis(t);
  redis.start();
  const { listen, published, events } = build(t, redis.url);
  const { seen, gaps, ready } = listen();
  await ready;
  await published(1);
  const before = events().length;
  redis.freeze();
  const given = () => events().slice(before).includes('redis.lost');
  await until('it has given up the connection', given);
  redis.thaw();
  await until('it has looked at what it missed', () => gaps.length > 0);
  await published(2);
  await until('events arrive again', () => seen.includes(2));
});

test('a subscriber that starts before Redis does waits for it', async (t) => {
  const redis = ownRedis(t);
  const { listen, published } = build(t, redis.url);
  const { seen, ready } = listen();
  redis.start();
  await ready;
  await published(1);
  await until('it has arrived', () => seen.length === 1);
});
