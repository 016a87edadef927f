import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Journal } from './journal.ts';
import { type Crew, type Ended, runUpgrade } from './run-upgrade.ts';
import type { Seen, Shares, Upgrade } from './state.ts';
import { anUpgrade, instance } from './testing/world.ts';
import { turnBack } from './transitions.ts';

/** A stack in memory, in which whoever is stopped takes a while to go, and names are used again. */
function aStack(upgrade: Upgrade, state: Seen['state'] = 'serving') {
  const told: string[] = [];
  const runs = upgrade.was.flatMap(({ version, count }) => Array<string>(count).fill(version));
  let instances: Seen[] = runs.map((version, i) => instance(`n-${i + 1}`, version, state));
  let shares: Shares | undefined;
  let written: Upgrade | undefined;
  const freeName = () => {
    const isFree = (name: string) => !instances.some(({ program }) => program === name);
    return ['n-1', 'n-2', 'n-3', 'n-4', 'n-5'].find(isFree) ?? 'n-6';
  };
  const crew: Crew = {
    look: async () => ({ seen: instances, shares }),
    async start(version) {
      told.push(`start ${version}`);
      instances = [...instances, instance(freeName(), version, 'serving')];
      await setImmediate();
    },
    async stop(program) {
      told.push(`stop ${program}`);
      // A dead one has nothing to drain.
      const isDead = instances.some((seen) => seen.program === program && seen.state === 'dead');
      for (let turn = 0; turn < 3 && !isDead; turn += 1) await setImmediate();
      instances = instances.filter((one) => one.program !== program);
      told.push(`${program} is gone`);
    },
    async share(wanted) {
      told.push(wanted ? 'share' : 'share no more');
      shares = wanted;
    },
    serving: async () => undefined,
    prove: async () => undefined,
    judge: async () => 'not worse',
    contract: async () => void told.push('contract'),
    failureOf: async (_program: string, why: string) => new Error(why),
  };
  const journal: Journal = {
    read: async () => written,
    async write(now) {
      written = now;
    },
    async close() {
      written = undefined;
    },
  };
  const versions = () => instances.map(({ version }) => version).sort();
  return { told, crew, journal, versions, written: () => written };
}

const one = anUpgrade({ was: [{ version: 'v1', count: 1 }] });
const three = anUpgrade();

test('the next one starts while the last one drains, and no two drain at once', async () => {
  const { told, crew, journal, versions, written } = aStack(three);
  expect(await runUpgrade(three, { crew, journal })).toEqual({ as: 'rolled' });
  expect(versions()).toEqual(['v2', 'v2', 'v2']);
  expect(told.slice(0, 5)).toEqual([
    ...['start v2', 'stop n-3', 'start v2', 'n-3 is gone', 'stop n-2'],
  ]);
  expect(written()).toBeUndefined();
});

test('what takes something away waits until the last old one is gone', async () => {
  const upgrade = anUpgrade({ contraction: 'due' });
  const { told, crew, journal } = aStack(upgrade);
  await runUpgrade(upgrade, { crew, journal });
  expect(told.slice(-2)).toEqual(['n-1 is gone', 'contract']);
});

test('a canary that is taken back gets no share until it is gone', async () => {
  const canary = anUpgrade({ phase: { name: 'judging', percent: 5 }, usesShares: true });
  const { told, crew, journal } = aStack(canary);
  const judge = async () => 'worse' as const;
  const ended = await runUpgrade(canary, { crew: { ...crew, judge }, journal });
  expect(ended).toMatchObject({ as: 'returned', why: 'the canary: worse' });
  expect(told).toEqual([
    ...['share', 'start v2', 'share', 'stop n-4', 'n-4 is gone', 'share no more'],
  ]);
});

test('a name that is used again is not taken for the one that had it before', async () => {
  const back = turnBack(one, 'aborted');
  const { told, crew, journal, versions } = aStack(back, 'dead');
  await runUpgrade(back, { crew, journal });
  expect(versions()).toEqual(['v1']);
  expect(told.filter((what) => what === 'start v1')).toHaveLength(1);
});

test('a step that fails turns the upgrade back, and its failure is told', async () => {
  const { crew, journal, versions } = aStack(three);
  const failure = new Error('not ready');
  const turned: string[] = [];
  let starts = 0;
  const start = async (version: string) => {
    starts += 1;
    if (starts === 2) throw failure;
    await crew.start(version);
  };
  const course = { crew: { ...crew, start }, journal, turned: (why: string) => turned.push(why) };
  expect(await runUpgrade(three, course)).toEqual({ as: 'returned', why: 'not ready', failure });
  expect(turned).toEqual(['not ready']);
  expect(versions()).toEqual(['v1', 'v1', 'v1']);
});

test('a step that fails on the way back ends the command, and the journal stays', async () => {
  const back = turnBack(three, 'aborted');
  const { crew, journal, written } = aStack(anUpgrade({ was: [{ version: 'v2', count: 3 }] }));
  const start = () => Promise.reject(new Error('no memory'));
  const run = runUpgrade(back, { crew: { ...crew, start }, journal });
  await expect(run).rejects.toThrow('no memory');
  expect(written()?.phase.name).toBe('returning');
});

test('a stop that fails is not lost, though nobody waits for it at once', async () => {
  const { crew, journal } = aStack(one);
  const stop = () => Promise.reject(new Error('it hangs'));
  const run = runUpgrade(one, { crew: { ...crew, stop }, journal });
  await expect(run).rejects.toThrow('it hangs');
});

test('a release whose instances serve and die again and again is given up', async () => {
  const { crew, journal } = aStack(one);
  let lives = 0;
  const look = async () => {
    const { seen, shares } = await crew.look();
    lives += 1;
    const renamed = (seen: Seen) =>
      seen.version === 'v2' ? { ...seen, instance: `n-${lives}` } : seen;
    return { seen: seen.map(renamed), shares };
  };
  expect(await runUpgrade(one, { crew: { ...crew, look }, journal })).toMatchObject({
    as: 'returned',
    why: 'instances of v2 serve and die again and again',
  });
});

test.each(['abort', 'resume'])(
  'cut off at any boundary, it can be taken up by: %s',
  async (how) => {
    for (let last = 1; last < 100; last += 1) {
      const { crew, journal, versions, written } = aStack(three);
      let boundaries = 0;
      const reached = () => {
        boundaries += 1;
        if (boundaries === last) throw new Error('killed');
      };
      const cut: Ended | undefined = await runUpgrade(three, { crew, journal, reached }).catch(
        () => undefined,
      );
      const left = written();
      if (left === undefined) {
        expect(cut).toEqual({ as: 'rolled' });
        return;
      }
      await runUpgrade(how === 'abort' ? turnBack(left, 'aborted') : left, { crew, journal });
      const version = how === 'abort' ? 'v1' : 'v2';
      expect(versions()).toEqual([version, version, version]);
    }
    throw new Error('expected an end');
  },
);
