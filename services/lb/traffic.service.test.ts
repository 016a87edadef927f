/** What share of the requests each version gets, asked of a real HAProxy. */
import { createHmac } from 'node:crypto';
import { Agent, request } from 'node:http';
import { json } from 'node:stream/consumers';
import type { RunningService } from '@microflack/common/service.ts';
import { random } from '@microflack/common/testing/parts.ts';
import { until } from '@microflack/common/testing/until.ts';
import { expect, type TestContext, test } from 'vitest';
import { reload } from './apply.ts';
import { startInstance } from './testing/instances.ts';
import { startLoad } from './testing/load.ts';
import { startWorld, type World } from './testing/world.ts';

const route = '/api/popularity';
const patient = { timeout: 90_000 };

/** Starts one of a version; its id begins with the version. */
const starter =
  (t: TestContext, world: World, registration = {}) =>
  (version: string, changes: Record<string, string> = {}): Promise<RunningService> =>
    startInstance(
      t,
      world.consul.url,
      'popularity',
      { route, ...registration },
      {
        MF_VERSION: version,
        MF_PROGRAM: `${version}-${random()}`,
        ...changes,
      },
    );

/** An instance each of v1 and v2, and lb. */
async function build(t: TestContext, registration = {}) {
  const world = await startWorld(t);
  const lb = await world.startLb();
  const start = starter(t, world, registration);
  const [v1, v2] = [await start('v1'), await start('v2')];
  await world.untilReady('popularity', v1.instance, v2.instance);
  const versionFor = async (headers: Record<string, string> = {}, path = route) =>
    (await world.ask(path, { headers })).body.instance?.split('-')[0];
  const versionsOf = async (count: number, headersOf: (n: number) => Record<string, string>) => {
    const counts: Record<string, number> = {};
    for (let n = 0; n < count; n += 1) {
      const version = (await versionFor(headersOf(n))) ?? 'none';
      counts[version] = (counts[version] ?? 0) + 1;
    }
    return counts;
  };
  return { world, lb, start, v1, v2, versionFor, versionsOf };
}

const person = (n: number): Record<string, string> => ({ cookie: `mf_person=person-${n}` });

const inAnHour = () => Math.floor(Date.now() / 1_000) + 3_600;
const sealed = (said: string, key = 'traffic-key'): string =>
  `${said}~${createHmac('sha256', key).update(said).digest('hex')}`;
const me = (value: string): Record<string, string> => ({ cookie: `mf_me=${value}` });

test('by request, each version gets its share', async (t) => {
  const { world, versionsOf } = await build(t);
  await world.share('popularity', { v1: 80, v2: 20 });
  const { v1 = 0, v2 = 0 } = await versionsOf(600, () => person(1));
  expect(v1 + v2).toBe(600);
  // 120, and five standard deviations.
  expect(v2).toBeGreaterThan(70);
  expect(v2).toBeLessThan(170);
});

test('by person, everybody keeps their version, and nobody goes back when its share grows', async (t) => {
  const { world, versionFor } = await build(t);
  const people = Array.from({ length: 60 }, (_, n) => n);
  const onV2 = async () => {
    const found: number[] = [];
    for (const n of people) if ((await versionFor(person(n))) === 'v2') found.push(n);
    return found;
  };
  await world.share('popularity', { v1: 80, v2: 20 }, true);
  const few = await onV2();
  expect(few.length).toBeGreaterThan(2);
  expect(few.length).toBeLessThan(25);
  expect(await onV2()).toEqual(few);
  await world.share('popularity', { v1: 50, v2: 50 }, true);
  const more = await onV2();
  expect(more).toEqual(expect.arrayContaining(few));
  expect(more.length).toBeGreaterThan(few.length);
});

test('a browser is given a number for life with its first page, and goes by it at once', async (t) => {
  const { world } = await build(t);
  await world.share('popularity', { v1: 50, v2: 50 }, true);
  const first = await fetch(`${world.haproxy.url}${route}?page`);
  const cookie = first.headers.get('set-cookie') ?? '';
  expect(cookie).toMatch(
    /^mf_person=[0-9a-f-]{36}; Max-Age=31536000; Path=\/; HttpOnly; SameSite=Lax$/,
  );
  const cohortIn = async (response: Response) =>
    String((JSON.parse(await response.text()) as { headers: { baggage: string } }).headers.baggage);
  const headers = { cookie: cookie.split(';')[0] ?? '' };
  const second = await fetch(`${world.haproxy.url}${route}?page`, { headers });
  expect(second.headers.get('set-cookie')).toBeNull();
  expect(await cohortIn(second)).toBe(await cohortIn(first));
  expect((await fetch(`${world.haproxy.url}${route}`)).headers.get('set-cookie')).toBeNull();
});

test('all traffic is switched at one moment under load, and back, and nothing is lost', async (t) => {
  const { world, versionFor } = await build(t);
  await world.share('popularity', { v1: 100 });
  const worker = await world.haproxy.workerPid();
  const load = startLoad(`${world.haproxy.url}${route}`, { connections: 4 });
  for (const version of ['v2', 'v1', 'v2']) {
    await world.share('popularity', { [version]: 100 });
    for (let n = 0; n < 30; n += 1) expect(await versionFor()).toBe(version);
  }
  const { failed, answered } = await load.stop();
  expect(failed).toEqual([]);
  expect(answered).toBeGreaterThan(100);
  expect(await world.haproxy.workerPid()).toBe(worker);
  await world.untilFileEqualsRunning();
});

test('a connection that a reload left behind gets what is decided after it, too', async (t) => {
  const { world } = await build(t);
  await world.share('popularity', { v1: 100 });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.onTestFinished(() => agent.destroy());
  const ask = () =>
    new Promise<{ instance: string; reused: boolean }>((resolve, reject) => {
      const outgoing = request(`${world.haproxy.url}${route}`, { agent }, async (response) => {
        const { instance } = (await json(response)) as { instance: string };
        resolve({ instance, reused: outgoing.reusedSocket });
      });
      outgoing.once('error', reject).end();
    });
  expect((await ask()).instance).toMatch(/^v1/);
  const before = await world.haproxy.workerPid();
  await reloadNow(world, before);
  await world.share('popularity', { v2: 100 });
  const answer = await ask();
  expect(answer).toEqual({ instance: expect.stringMatching(/^v2/), reused: true });
});

test('who has a sealed choice gets it on every hop; forged, edited and expired ones are none', async (t) => {
  const { world, start, versionFor } = await build(t);
  const dev = await start('dev', { MF_AUDIENCE: 'named' });
  await until('dev is there', async () =>
    (await world.haproxy.running()).servers.some(({ id }) => id === dev.instance),
  );
  await world.share('popularity', { v1: 100 });
  const choice = `popularity:dev~${inAnHour()}`;
  const good = sealed(choice);
  expect(await versionFor(me(good))).toBe('dev');
  expect(await versionFor(me(sealed(`popularity:v2~${inAnHour()}`)))).toBe('v2');
  const { body } = await world.ask(route, { headers: me(good) });
  expect(body.headers?.baggage).toMatch(/^mf-cohort=\d+,mf-me=popularity:dev$/);

  const seal = good.split('~')[2] ?? '';
  for (const bad of [
    sealed(choice, 'another-key'),
    sealed(`popularity:dev~${Math.floor(Date.now() / 1_000) - 1}`),
    sealed('popularity:dev~never'),
    sealed('popularity:dev'),
    good.replace('dev', 'v2'),
    good.replace(/~\d/, '~9'),
    `${choice}~${seal.slice(0, -1)}`,
    `${choice}~`,
    `${choice}~${'0'.repeat(64)}`,
    `${choice}~~${seal}`,
    '~~',
    '',
  ]) {
    const answer = await world.ask(route, { headers: me(bad) });
    expect([bad, answer.body.instance?.slice(0, 2)]).toEqual([bad, 'v1']);
    expect(answer.body.headers?.baggage).toMatch(/^mf-cohort=\d+$/);
  }
});

test('a link gives the sealed choice to a browser, and another one takes it away', async (t) => {
  const { world } = await build(t);
  const visit = (query: string) =>
    fetch(`${world.haproxy.url}/.microflack/me?${query}`, { redirect: 'manual' });
  const value = sealed(`popularity:v2~${inAnHour()}`);
  const given = await visit(`t=${encodeURIComponent(value)}`);
  expect([given.status, given.headers.get('location')]).toEqual([303, '/']);
  const cookie = given.headers.get('set-cookie');
  expect(cookie).toBe(`mf_me=${value}; Max-Age=43200; Path=/; HttpOnly; SameSite=Lax`);
  const extended = await visit(`t=${encodeURIComponent(`${value}~; Domain=evil`)}`);
  expect(extended.headers.get('set-cookie')).toBe(cookie);
  const taken = await visit('off');
  expect(taken.headers.get('set-cookie')).toMatch(/^mf_me=; Max-Age=0;/);
  for (const bad of [`t=${sealed(`popularity:v2~${inAnHour()}`, 'other-key')}`, 't=', '', 'on']) {
    const refused = await visit(bad);
    expect([bad, refused.status, refused.headers.get('set-cookie')]).toEqual([bad, 403, null]);
  }
});

test('who is to be named gets nothing else, not even where nobody else is there', async (t) => {
  const world = await startWorld(t);
  await world.startLb();
  await starter(t, world)('dev', { MF_AUDIENCE: 'named' });
  const choice = me(sealed(`popularity:dev~${inAnHour()}`));
  await until(
    'dev has its slot',
    async () => (await world.ask(route, { headers: choice })).status === 200,
  );
  expect(await world.ask(route)).toMatchObject({ status: 503, body: { code: 'no_instance' } });
});

test('a session stays with its instance when traffic is switched', async (t) => {
  const { world, versionFor } = await build(t, { sticky: 'io' });
  await world.share('popularity', { v1: 100 });
  expect(await versionFor({}, `${route}?cookie=abc`)).toBe('v1');
  await world.share('popularity', { v2: 100 });
  expect(await versionFor()).toBe('v2');
  for (let n = 0; n < 5; n += 1) expect(await versionFor({ cookie: 'io=abc' })).toBe('v1');
});

test('a version that dies fails nobody: those with a share stand in, and then anybody', async (t) => {
  const { world, v2, v1, start, versionsOf } = await build(t);
  const v3 = await start('v3');
  await world.untilReady('popularity', v1.instance, v2.instance, v3.instance);
  await world.share('popularity', { v1: 50, v2: 50 });
  await v2.stop();
  await world.untilReady('popularity', v1.instance, v3.instance);
  expect(await versionsOf(20, person)).toEqual({ v1: 20 });
  await v1.stop();
  await world.untilReady('popularity', v3.instance);
  expect(await versionsOf(20, person)).toEqual({ v3: 20 });
});

test('a version that dies fails nobody before lb has heard of it either', async (t) => {
  const { world, lb, v2, versionsOf } = await build(t);
  await world.share('popularity', { v1: 50, v2: 50 });
  await lb.stop();
  await v2.stop();
  expect(await versionsOf(20, person)).toEqual({ v1: 20 });
});

test('a policy that nobody understands changes nothing, and one that is gone without a word neither', async (t) => {
  const { world, versionsOf } = await build(t);
  await world.share('popularity', { v2: 100 });
  const kv = `${world.consul.url}/v1/kv/microflack/traffic/popularity`;
  await fetch(kv, { method: 'PUT', body: '{"shares":[{"version":"v1","percent":50}]}' });
  await fetch(`${world.consul.url}/v1/kv/microflack/traffic/nobody`, { method: 'PUT', body: '{' });
  expect(await versionsOf(20, person)).toEqual({ v2: 20 });
  await fetch(kv, { method: 'DELETE' });
  expect(await versionsOf(20, person)).toEqual({ v2: 20 });
  await world.share('popularity', null);
  expect(Object.keys(await versionsOf(40, person)).sort()).toEqual(['v1', 'v2']);
});

test(
  'what was decided outlives reloads, and crashes of HAProxy and lb, one and both',
  patient,
  async (t) => {
    const { world, lb, versionsOf } = await build(t);
    await world.share('popularity', { v2: 100 });
    const load = startLoad(`${world.haproxy.url}${route}`, { connections: 2 });
    for (let n = 0; n < 12; n += 1) await reloadNow(world, await world.haproxy.workerPid());
    expect(await versionsOf(20, person)).toEqual({ v2: 20 });
    // One works, and each of mworker-max-reloads may still be there; one more is just going.
    await until('old workers have gone', async () => (await world.haproxy.workers()).length <= 14);
    expect(await load.stop()).toMatchObject({ failed: [] });

    await lb.stop();
    await world.haproxy.kill();
    await until('HAProxy is back', () => world.haproxy.running().catch(() => undefined));
    expect(await versionsOf(20, person)).toEqual({ v2: 20 });
    await world.startLb();
    expect(await versionsOf(20, person)).toEqual({ v2: 20 });
    await world.untilFileEqualsRunning();
  },
);

/** Resolves when another worker answers. */
async function reloadNow({ haproxy }: World, before: number): Promise<void> {
  const isAnother = async () => {
    const now = await haproxy.workerPid().catch(() => before);
    return Number.isInteger(now) && now !== before;
  };
  // The master is deaf for a moment while it starts itself anew.
  const reloaded = () =>
    reload(haproxy.settings.haproxyMasterSocket, isAnother).then(
      () => true,
      () => false,
    );
  await until('HAProxy has reloaded', reloaded);
}
