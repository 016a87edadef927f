import type { MicroflackEvent } from '@microflack/common/events/events.ts';
import { silentLog } from '@microflack/common/testing/log.ts';
import { until } from '@microflack/common/testing/until.ts';
import { expect, onTestFinished, test } from 'vitest';
import { createBeacon } from './beacon.ts';

/** A beacon that looks every millisecond, at rooms that the test moves, and tells a Redis that the test takes away. */
function build() {
  const rooms = new Map([['general', 7]]);
  const taken: MicroflackEvent[] = [];
  const end = new AbortController();
  const redis = { isUp: true, reconnected: () => {} };
  let looks = 0;
  const beacon = createBeacon({
    log: silentLog,
    listRooms: async () => {
      looks += 1;
      if (looks === 1) throw new Error('the database is away');
      return [...rooms].map(([name, change]) => ({ name, change }));
    },
    publisher: {
      publish: async (events) => {
        if (redis.isUp) taken.push(...events);
        return redis.isUp;
      },
      onReconnect: (listener) => {
        redis.reconnected = listener;
      },
      close: async () => {},
    },
  });
  const run = beacon.runUntil(end.signal, 1);
  onTestFinished(async () => {
    end.abort();
    await run;
  });
  return {
    rooms,
    redis,
    told: () => taken.map((event) => ('change' in event ? `${event.room} ${event.change}` : '')),
    /** Long enough for a beacon that should not come. */
    severalLooks: async () => {
      const target = looks + 5;
      await until('five more looks', () => looks >= target);
    },
  };
}

test('tells each room on start, then only what moved', async () => {
  const { rooms, told, severalLooks } = build();
  await severalLooks();
  expect(told()).toEqual(['general 7']);
  rooms.set('general', 9).set('other', 0);
  await severalLooks();
  expect(told()).toEqual(['general 7', 'general 9', 'other 0']);
});

test('tells again what Redis did not take', async () => {
  const { rooms, redis, told, severalLooks } = build();
  await severalLooks();
  redis.isUp = false;
  rooms.set('general', 8);
  await severalLooks();
  expect(told()).toEqual(['general 7']);
  redis.isUp = true;
  await severalLooks();
  expect(told()).toEqual(['general 7', 'general 8']);
});

test('tells everything again when Redis comes back', async () => {
  const { redis, told, severalLooks } = build();
  await severalLooks();
  redis.reconnected();
  await severalLooks();
  expect(told()).toEqual(['general 7', 'general 7']);
});
