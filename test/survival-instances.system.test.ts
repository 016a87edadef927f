/**
 * What dies or hangs of three instances does so unnoticed by those who chat: 200 requests a second, of which none is sent
 * twice by its sender, and 200 open sockets.
 */
import { until } from '@microflack/common/testing/until.ts';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest';
import { expectFlawless, startLoad } from './load/load.ts';
import { behindHaproxy, crewOf, dismiss, threeOfEach } from './setup/crew.ts';
import { served } from './setup/haproxy.ts';
import { healthy, kill, pidsOf } from './setup/whole.ts';

const version = 'survival';
const longTest = { timeout: 300_000 };
const all = process.env.MF_TEST_ALL !== undefined;
/** Ten in all; with MF_TEST_ALL ten of each service. */
const victims = Array.from({ length: all ? 10 : 2 }, () => behindHaproxy).flat();
const frozenServices = all ? (['messages', 'users', 'ui'] as const) : (['messages'] as const);
/** lb's `timeout server` for a request that was on its way, and then another instance answers. */
const timeoutMs = 10_000;
const backWithinMs = 5_000;
const patienceMs = 30_000;

beforeAll(() => threeOfEach(behindHaproxy, version));
afterEach(healthy);
afterAll(() => dismiss(behindHaproxy, version));

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
  expect(report.sockets.open).toBe(200);
  expect(report.sockets.longestAwayMs).toBeLessThan(backWithinMs);
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
