/**
 * HAProxy and lb die and are loaded again, and what was decided about the traffic stays decided: an instance without a
 * share gets nothing, a canary gets its share, and sockets come back.
 */
import { readFile } from 'node:fs/promises';
import { until } from '@microflack/common/testing/until.ts';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { haproxyPaths } from '../scripts/lib/parts/haproxy.ts';
import { parseMetrics } from '../scripts/lib/receipts/instance-metrics.ts';
import { ask } from '../services/lb/runtime.ts';
import { mark } from './client/person.ts';
import { expectAllBack, expectFlawless, expectNothingLost, startLoad } from './load/load.ts';
import { crewOf, dismiss, instanceOf, mfHere } from './setup/crew.ts';
import { healthy, kill, pidsOf, wholeStack } from './setup/whole.ts';

const all = process.env.MF_TEST_ALL !== undefined;
const longTest = { timeout: 300_000 };
const reloads = 50;
/** lb takes a second to start; of the default run only every tenth reload is one of lb, too. */
const reloadsPerRestartOfLb = all ? 1 : 10;
/** The one that works, what a reload leaves behind (mworker-max-reloads), and one that is just ending. */
const workersAtMost = 14;
/** Of some thousand requests: five times what chance does to a tenth of them. */
const [leastShare, greatestShare] = [0.06, 0.14];
const patienceMs = 30_000;

const [canary, drained] = [`canary-${mark()}`, `drained-${mark()}`];
let programs: { stable: string; canary: string; drained: string };
let before: Awaited<ReturnType<typeof requests>>;

beforeAll(async () => {
  const [stable = ''] = await crewOf('messages');
  const { version } = await instanceOf('messages', stable);
  for (const added of [canary, drained]) {
    await mfHere('run', 'messages', added, 'UNCOMMITTED_COPY');
  }
  await mfHere('traffic', 'messages', `${version}=90`, `${canary}=10`);
  const [[asCanary = ''], [asDrained = '']] = await Promise.all([
    crewOf('messages', canary),
    crewOf('messages', drained),
  ]);
  programs = { stable, canary: asCanary, drained: asDrained };
});
beforeEach(async () => {
  before = await requests();
});
afterEach(healthy);
afterAll(async () => {
  await mfHere('traffic', 'messages', 'off');
  for (const added of [canary, drained]) await dismiss(['messages'], added);
});

test(
  'the shares hold through 50 reloads, nothing fails, and old workers go',
  longTest,
  async () => {
    const { masterSocket } = haproxyPaths(await wholeStack());
    const load = await startLoad();
    let mostWorkers = 0;
    for (let turn = 1; turn <= reloads; turn += 1) {
      const known = await workers();
      // The master that has just loaded another worker begins anew itself, and is away for a moment.
      const isTaken = () =>
        ask(masterSocket, 'reload').then(
          () => true,
          () => false,
        );
      await until('the master takes it', isTaken, patienceMs);
      // Not before: a reload during a reload would be lost.
      const isNew = async () => (await workers()).some((pid) => !known.includes(pid));
      await until('there is a new worker', isNew, patienceMs);
      // Slow enough that no worker is ended before its idle connections are.
      await load.goOn(60);
      if (turn % reloadsPerRestartOfLb === 0) await (await kill(['lb']))();
      mostWorkers = Math.max(mostWorkers, (await workers()).length);
    }
    await load.goOn();
    const report = await load.stop();
    await expectShares();
    expect(report.requests.failures).toEqual([]);
    expectNothingLost(report);
    expectAllBack(report);
    expect(mostWorkers).toBeLessThanOrEqual(workersAtMost);
  },
);

test.for([[['haproxy']], [['lb']], [['haproxy', 'lb']]])(
  'the shares hold when %j is killed, and everybody comes back',
  longTest,
  async ([died = []]) => {
    const load = await startLoad();
    const back = await kill(died);
    await back();
    await healthy();
    await load.goOn(800);
    const report = await load.stop();
    await expectShares();
    expectNothingLost(report);
    expectAllBack(report);
    if (!died.includes('haproxy')) expectFlawless(report);
  },
);

async function expectShares(): Promise<void> {
  const now = await requests();
  const had = (who: keyof typeof now) => now[who] - before[who];
  expect(had('drained')).toBe(0);
  const share = had('canary') / (had('canary') + had('stable'));
  expect(share).toBeGreaterThan(leastShare);
  expect(share).toBeLessThan(greatestShare);
}

/** As they count themselves: HAProxy begins again with each reload. */
async function requests() {
  const countOf = async (program: string) => {
    const { address } = await instanceOf('messages', program);
    const answer = await fetch(`http://${address}/metrics`);
    return parseMetrics(await answer.text()).requests;
  };
  const { stable, canary, drained } = programs;
  const [a, b, c] = await Promise.all([countOf(stable), countOf(canary), countOf(drained)]);
  return { stable: a, canary: b, drained: c };
}

/** HAProxy's: the one that works, and those that reloads have left behind. */
async function workers(): Promise<string[]> {
  const [master] = await pidsOf(['haproxy']);
  const children = await readFile(`/proc/${master}/task/${master}/children`, 'utf8');
  return children.trim().split(' ');
}
