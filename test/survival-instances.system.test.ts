/**
 * What leaves, dies or hangs of three instances does so unnoticed by those who chat: 200 requests a second, of which none is sent
 * twice by its sender, and 200 open sockets.
 */
import { until } from '@microflack/common/testing/until.ts';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest';
import { mark } from './client/person.ts';
import { expectAllBack, expectFlawless, startLoad } from './load/load.ts';
import { behindHaproxy, crewOf, mfHere, startAfresh, threeOfEach } from './setup/crew.ts';
import { served } from './setup/haproxy.ts';
import { healthy, kill, pidsOf } from './setup/whole.ts';

/** Of its own in each run: in a stack that is kept, the code may have changed since. */
const version = `survival-${mark()}`;
const longTest = { timeout: 300_000 };
const all = process.env.MF_TEST_ALL !== undefined;
const upgrades = all ? [`${version}-2`, `${version}-3`] : [`${version}-2`];
/** Ten in all; with MF_TEST_ALL ten of each service. */
const victims = Array.from({ length: all ? 10 : 2 }, () => behindHaproxy).flat();
const frozenServices = all ? (['messages', 'users', 'ui'] as const) : (['messages'] as const);
/** lb's `timeout server` for a request that was on its way, and then another instance answers. */
const timeoutMs = 10_000;
const patienceMs = 30_000;

beforeAll(() => threeOfEach(behindHaproxy, version));
afterEach(healthy);
afterAll(() => startAfresh(behindHaproxy));

test(
  'nothing fails and no history is loaded again while every service is upgraded',
  longTest,
  async () => {
    // Nobody may send these twice for an instance that leaves too early.
    const load = await startLoad({ keyless: true });
    for (const next of upgrades) {
      for (const service of behindHaproxy) {
        await mfHere('upgrade', 'roll', service, next, 'UNCOMMITTED_COPY');
        expect(await crewOf(service, next)).toHaveLength(3);
      }
    }
    await load.goOn();
    const report = await load.stop();
    expectFlawless(report);
    expect(report.sockets.returns).toBeGreaterThanOrEqual(200);
    expect(report.sockets.torn).toBe(0);
    expectAllBack(report);
  },
);

test('nothing fails and nothing is doubled by ten times kill -9', longTest, async () => {
  const crews = new Map<string, string[]>();
  for (const service of behindHaproxy) crews.set(service, await crewOf(service));
  const load = await startLoad();
  for (const [turn, service] of victims.entries()) {
    const crew = crews.get(service) ?? [];
    const back = await kill([crew[turn % crew.length] ?? '']);
    await load.goOn();
    await back();
    await healthy();
  }
  const report = await load.stop();
  expectFlawless(report);
  expectAllBack(report);
});

test.for(frozenServices)(
  'an instance of %s that hangs is out of traffic until it goes on',
  longTest,
  async (service) => {
    const [program = ''] = await crewOf(service);
    const [pid = 0] = await pidsOf([program]);
    expect(pid).toBeGreaterThan(1);
    const only = async () => (await served(program)).find(({ id }) => id.startsWith(program));
    const load = await startLoad();

    process.kill(pid, 'SIGSTOP');
    onTestFinished(() => void process.kill(pid, 'SIGCONT'));
    await until('HAProxy has noticed', async () => !(await only())?.isUp, patienceMs);
    const before = await only();
    const isLeft = async () => (await only())?.busy === 0;
    await until('whatever waited for it has been given to others', isLeft, patienceMs);
    await load.goOn();
    expect(await only()).toMatchObject({ isUp: false, requests: before?.requests });

    process.kill(pid, 'SIGCONT');
    const isBack = async () => ((await only())?.requests ?? 0) > (before?.requests ?? 0);
    await until('it has requests again', isBack, patienceMs);
    await load.goOn();
    const report = await load.stop();
    expectFlawless(report);
    expect(report.requests.slowestMs).toBeLessThan(timeoutMs + 2_000);
  },
);
