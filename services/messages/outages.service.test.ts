/** What the service does while a part that it needs is away, frozen, or back again. */
import { testParts, testSettings } from '@microflack/common/testing/parts.ts';
import { until } from '@microflack/common/testing/until.ts';
import { expect, test } from 'vitest';
import { wireTo } from './testing/local-server.ts';
import { call, list, post, startWorld } from './testing/world.ts';

/** Far below the patience of anybody who waits for an acknowledgement. */
const quickMs = 1_500;

async function timed<T>(work: Promise<T>): Promise<number> {
  const startedAt = performance.now();
  await work;
  return performance.now() - startedAt;
}

test('without Redis posts are acknowledged; when it is back, a beacon tells the room', async (t) => {
  const world = await startWorld(t);
  const wire = await wireTo(t, testParts().redisUrl);
  const service = await world.instance({ REDIS_URL: wire.url, BEACON_INTERVAL_MS: '50' });
  const ada = world.token(1);
  await post(service, ada, 'before');
  for (const break_ of [wire.cut, wire.freeze]) {
    await break_();
    expect(await timed(post(service, ada, 'meanwhile'))).toBeLessThan(quickMs);
    const { seq } = await post(service, ada, 'meanwhile, again');
    const latest = async () => (await world.events()).findLast((one) => one.type === 'room.beacon');
    expect(await latest()).not.toMatchObject({ change: seq });
    await wire.mend();
    await until('the beacon', async () => {
      const beacon = await latest();
      return beacon?.type === 'room.beacon' && beacon.change >= seq;
    });
  }
});

test('without MariaDB posts and reads are a 503 at once, and work again when it is back', async (t) => {
  const world = await startWorld(t);
  const { MYSQL_URL = '' } = await testSettings(t, 'messages');
  const wire = await wireTo(t, MYSQL_URL);
  const service = await world.instance({ MYSQL_URL: wire.url });
  const ada = world.token(1);
  await post(service, ada, 'before');
  await wire.cut();
  const attempts = [
    () => call(service, 'POST', '/api/messages', { token: ada, body: { source: 'x' } }),
    () => call(service, 'GET', '/api/messages'),
  ];
  for (const attempt of attempts) {
    const startedAt = performance.now();
    const { status, body } = await attempt();
    expect([status, body]).toEqual([503, expect.objectContaining({ code: expect.any(String) })]);
    expect(body).not.toHaveProperty('detail');
    expect(performance.now() - startedAt).toBeLessThan(quickMs);
  }
  await wire.mend();
  await until('posts work again', async () => {
    const { status } = await call(service, 'POST', '/api/messages', {
      token: ada,
      body: { source: 'after' },
    });
    return status === 201;
  });
  const { messages } = await list(service, '?latest=10');
  expect(messages.map(({ source }) => source)).toEqual(['before', 'after']);
});

test('a post that loses its connection at any statement is stored once when it is sent again', async (t) => {
  const world = await startWorld(t);
  const { MYSQL_URL = '' } = await testSettings(t, 'messages');
  const wire = await wireTo(t, MYSQL_URL);
  const quiet = { BEACON_INTERVAL_MS: '60000', LINKS_SWEEP_INTERVAL_MS: '60000' };
  const service = await world.instance({ MYSQL_URL: wire.url, ...quiet });
  const send = async (statement: number) => {
    const { status } = await call(service, 'POST', '/api/messages', {
      token: world.token(1),
      body: { source: `lost at ${statement}` },
      headers: { 'idempotency-key': `k${statement}` },
    });
    return status;
  };
  await send(0);
  // BEGIN, the counter, INSERT, COMMIT: the last may have worked, and nobody knows.
  const statuses: number[] = [];
  for (const statement of [1, 2, 3, 4]) {
    wire.loseAnswerTo(statement);
    statuses.push(await send(statement));
    await until('it is acknowledged', async () => (await send(statement)) === 201);
  }
  expect(statuses).toEqual([503, 503, 503, 503]);
  const { messages } = await list(service, '?after=0');
  expect(messages.map(({ source }) => source.at(-1)).join('')).toBe('01234');
  expect(messages.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
});
