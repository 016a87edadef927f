/**
 * The parts that everybody stands on go and come back under load: Consul is not missed at all, MariaDB and Redis
 * for as long as they are away, and of what was acknowledged nothing is.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '@microflack/common/testing/until.ts';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { mark } from './client/person.ts';
import { expectFlawless, expectNothingLost, startLoad } from './load/load.ts';
import { crewOf, dismiss, threeOfEach } from './setup/crew.ts';
import { served } from './setup/haproxy.ts';
import { agreed, healthy, instances, kill, start, stop, wholeStack } from './setup/whole.ts';

/** Of its own in each run: in a stack that is kept, the code may have changed since. */
const version = `survival-${mark()}`;
const all = process.env.MF_TEST_ALL !== undefined;
const longTest = { timeout: 300_000 };
const awayMs = all ? 60_000 : 5_000;
const registeredWithinMs = 5_000;
/** More than the 10 s for which nothing is taken away after Consul was. */
const agreedWithinMs = 20_000;
const patienceMs = 30_000;

afterEach(healthy);

describe('Consul', () => {
  beforeAll(() => threeOfEach(['messages'], version));
  afterAll(() => dismiss(['messages'], version));

  test(
    'is not missed while it is away, not even by whom others must do without',
    longTest,
    async () => {
      const before = await instances();
      const [, victim = ''] = await crewOf('messages');
      const load = await startLoad();
      await stop('consul');
      const endsAt = performance.now() + awayMs;
      await load.goOn();
      const back = await kill([victim]);
      const isOut = async () => (await served(victim)).every(({ isUp }) => !isUp);
      await until('HAProxy has noticed by itself', isOut, patienceMs);
      await back();
      await until('it was away for long', () => performance.now() > endsAt, awayMs + 1_000);
      await load.goOn();
      await start('consul');
      await registered(before.length, (id) => !before.includes(id));
      await load.goOn();
      expectFlawless(await load.stop());
      await agreed(agreedWithinMs);
    },
  );

  test('is not missed while it has forgotten everything', longTest, async () => {
    const before = await instances();
    const data = join((await wholeStack()).dir, 'consul/data');
    const load = await startLoad();
    await stop('consul');
    for (const entry of await readdir(data)) await rm(join(data, entry), { recursive: true });
    await start('consul');
    await registered(before.length, (id) => before.includes(id));
    await load.goOn();
    expectFlawless(await load.stop());
    await agreed(agreedWithinMs);
    expect((await instances()).toSorted()).toEqual(before.toSorted());
  });
});

/** As many as before are there, and of them at least one such. */
async function registered(count: number, isSuch: (id: string) => boolean): Promise<void> {
  await instances();
  const areThere = async () => {
    const ids = await instances();
    return ids.length === count && ids.some(isSuch);
  };
  await until('everybody has registered again', areThere, registeredWithinMs);
}

test.for(['mariadb', 'redis'])(
  'what was acknowledged around a restart of %s is there and reaches everybody',
  longTest,
  async (part) => {
    const load = await startLoad();
    await stop(part);
    await start(part);
    await load.goOn();
    await healthy();
    const back = await kill([part]);
    await back();
    await load.goOn();
    await healthy();
    const wellAt = Date.now();
    await load.goOn();
    const report = await load.stop();
    expectNothingLost(report);
    expect(report.sockets).toMatchObject({ open: 200, returns: 0, fullReloads: 0 });
    if (part === 'redis') expect(report.requests.failures).toEqual([]);
    // What did not work works again, and goes on to.
    expect(report.requests.lastFailureAt).toBeLessThan(wellAt);
  },
);
