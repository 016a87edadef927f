import { until } from '@microflack/common/testing/until.ts';
import { expect, test } from 'vitest';
import { ask } from '../../../services/lb/runtime.ts';
import { startHaproxy } from '../../../services/lb/testing/haproxy.ts';
import { createTally } from './haproxy-counters.ts';
import { lookAtHaproxy } from './haproxy-look.ts';

/** Nobody is asked: lb is not there. */
const noConsul = 'http://127.0.0.1:9';

test('requests are counted through a reload, and whoever looks at a HAProxy that is gone is told', async (context) => {
  const haproxy = await startHaproxy(context, noConsul);
  const { haproxyMasterSocket: master } = haproxy.settings;
  const tally = createTally();
  const lookAgain = () => lookAtHaproxy(master, tally);
  const fail = async (times: number) => {
    for (let i = 0; i < times; i += 1) {
      const { status } = await fetch(`${haproxy.url}/api/nobody`, {
        headers: { connection: 'close' },
      });
      expect(status).toBe(503);
    }
  };
  const edge = () => tally.rows().find(({ proxy }) => proxy === 'public')?.counts;

  await fail(2);
  await lookAgain();
  await fail(3);
  await lookAgain();
  expect(edge()).toMatchObject({ requests: 3, failed: 3 });

  const before = await haproxy.workerPid();
  await Promise.all([ask(master, 'reload').catch(() => ''), fail(1)]);
  await until(
    'a new worker',
    async () => (await haproxy.workerPid().catch(() => before)) !== before,
  );
  // Its master does not listen for a moment while it begins anew.
  const isTold = () =>
    lookAgain().then(
      () => true,
      () => false,
    );
  await until('the master answers', isTold);
  await fail(4);
  await lookAgain();
  expect(edge()?.requests).toBeGreaterThanOrEqual(7);
  expect(tally.workers()).toBeGreaterThan(1);

  await haproxy.kill();
  await expect(lookAgain()).rejects.toThrow();
  await until('the master is back', isTold);
});
