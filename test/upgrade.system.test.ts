import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { withAdmin } from '../scripts/lib/accounts/admin-connection.ts';
import { releasesOf } from '../scripts/lib/release.ts';
import { instancesOf } from '../scripts/lib/rollout/instances.ts';
import type { Stack } from '../scripts/lib/stack.ts';
import { superviseStack } from '../scripts/lib/supervisor.ts';
import { readPolicy } from '../scripts/lib/traffic.ts';
import { mf, tryMf } from './setup/mf.ts';
import { askMoody, buildMoody } from './setup/moody.ts';
import { wholeStack } from './setup/whole.ts';

/** With the options of this stack. */
const inStack = (...args: string[]) => [...args, '--stack', process.env.MF_TEST_STACK ?? ''];
const upgrade = (...args: string[]) => tryMf(inStack('upgrade', ...args));
/** Several upgrades in one test, each of which starts instances. */
vi.setConfig({ testTimeout: 180_000 });

const dying = join(import.meta.dirname, 'setup/dying-upgrade.ts');
let stack: Stack;

beforeAll(async () => {
  stack = await wholeStack();
  // A stack that is kept between runs has those of the last one.
  await nobody();
  await rm(releasesOf(stack.dir, 'moody'), { recursive: true, force: true });
  await withAdmin(stack, (connection) => connection.query('DROP DATABASE IF EXISTS moody'));
  await Promise.all(['good', 'better'].map((label) => buildMoody(stack, { label })));
});

afterAll(async () => {
  await nobody();
  // `mf run` has made a user for it, as for every service.
  if (process.getuid?.() === 0) await execa('userdel', ['mf-moody'], { reject: false });
});

async function nobody(): Promise<void> {
  if (isUnfinished()) await upgrade('abort', 'moody');
  const rows = await instancesOf(stack, 'moody');
  if (rows.length > 0) await mf(...inStack('kill', 'moody', '--last', '--now'));
}

/** So many good instances and no others, often those of the last test; and people who ask them until the test ends. */
async function goodOnes(count: number) {
  const rows = await instancesOf(stack, 'moody');
  const good = rows.filter(({ version, health }) => version === 'good' && health === 'healthy');
  if (isUnfinished() || rows.length !== count || good.length !== count) {
    await nobody();
    await mf(...inStack('run', 'moody', 'good', '-n', String(count)));
  }
  return askMoody(process.env.MF_TEST_URL ?? '');
}

const isUnfinished = () => existsSync(join(stack.dir, 'upgrades/moody.json'));

/** The versions that run, all of them well; nothing else of the service is left anywhere. */
async function running(): Promise<string[]> {
  const rows = await instancesOf(stack, 'moody');
  expect(rows.filter(({ health }) => health !== 'healthy')).toEqual([]);
  const programs = await superviseStack(stack).status();
  const names = programs.map(({ name }) => name).filter((name) => name.startsWith('moody'));
  expect(names.sort()).toEqual(rows.map(({ program }) => program).sort());
  return rows.map(({ version }) => version).sort();
}

describe('a roll', () => {
  test('replaces every instance, keeps their number, and nobody notices', async () => {
    const crowd = await goodOnes(3);
    const { code, out, err } = await upgrade('roll', 'moody', 'better');
    await crowd.leave();
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('moody runs better, 3 instances');
    expect(await running()).toEqual(['better', 'better', 'better']);
    expect(crowd.failed).toEqual([]);
    expect(isUnfinished()).toBe(false);
    expect((await upgrade('roll', 'moody', 'better')).out).toContain('nothing was changed');
  });

  test.each([
    ['never ready', /not ready after 2 s: it has not registered/, 'in a mood'],
    ['dies at once', /ended \(exit status 1\)/, 'cannot live like this'],
    // Seen dying, or seen to be another one each time: whichever comes first.
    ['dies soon', /ended \(exit status 3\)|serve and die again and again/, 'registered'],
    ['answers errors', /\d of \d+ requests to it failed/, 'not today'],
  ])('to a release that is %s leaves the old one, and says why', async (mood, why, lastWords) => {
    const label = mood.replaceAll(' ', '-');
    await buildMoody(stack, { label, mood });
    const crowd = await goodOnes(2);
    const { code, err } = await upgrade('roll', 'moody', label, '--ready', '2');
    await crowd.leave();
    expect(code).toBe(1);
    expect(err).toMatch(why);
    expect(err).toContain('what was serves on: 2 of good');
    expect(err).toMatch(new RegExp(`^ {4}.*${lastWords}`, 'm'));
    expect(await running()).toEqual(['good', 'good']);
    // Errors are what it answers, until it is seen.
    if (mood !== 'answers errors') expect(crowd.failed).toEqual([]);
    expect(isUnfinished()).toBe(false);
  });
});

describe('a try', () => {
  test('runs beside the old one and shows its log; roll goes on with it', async () => {
    const crowd = await goodOnes(1);
    const tried = await upgrade('try', 'moody', 'better');
    expect(tried.code).toBe(0);
    expect(tried.out).toContain('"msg":"in a mood"');
    expect(await running()).toEqual(['better', 'good']);
    const other = await upgrade('roll', 'moody', 'best');
    expect(other.code).toBe(1);
    expect(other.err).toMatch(/ tries better since 20.*next: mf upgrade roll moody .*abort moody/s);
    expect((await upgrade('roll', 'moody')).code).toBe(0);
    expect(await running()).toEqual(['better']);
    expect(crowd.failed).toEqual([]);
  });

  test('is undone by an abort', async () => {
    const crowd = await goodOnes(1);
    await upgrade('try', 'moody', 'better');
    const { code, out } = await upgrade('abort', 'moody');
    expect(code).toBe(0);
    expect(out).toContain('moody is as it was before better');
    expect(await running()).toEqual(['good']);
    expect(crowd.failed).toEqual([]);
    expect(crowd.answers.get('better')).toBeGreaterThan(0);
  });
});

test('what a release takes away goes when no old instance is left; unannounced it is refused', async () => {
  const first = { '0001-notes.sql': 'CREATE TABLE notes (id INT PRIMARY KEY);' };
  const less = 'DROP TABLE notes;';
  await buildMoody(stack, { label: 'grows', migrations: first });
  await buildMoody(stack, { label: 'breaks', migrations: { ...first, '0002-less.sql': less } });
  const announced = { ...first, '0002-less.sql': `-- contract\n${less}` };
  await buildMoody(stack, { label: 'shrinks', migrations: announced });
  await goodOnes(1);
  expect(await upgrade('roll', 'moody', 'grows')).toMatchObject({ code: 0, err: '' });
  const refused = await upgrade('roll', 'moody', 'breaks');
  expect(refused.err).toContain('0002-less.sql would break the release before it (DROP TABLE');
  expect(await upgrade('roll', 'moody', 'shrinks')).toMatchObject({ code: 0, err: '' });
  const back = await upgrade('roll', 'moody', 'grows');
  expect(back.err).toContain('0002-less.sql has taken away what this older release needs');
  expect(await running()).toEqual(['shrinks']);
});

describe('a canary', () => {
  test('that is worse is taken back', async () => {
    const crowd = await goodOnes(1);
    await buildMoody(stack, { label: 'answers-errors', mood: 'answers errors' });
    const { code, err } = await upgrade('canary', 'moody', 'answers-errors', '--share', '20');
    await crowd.leave();
    expect(code).toBe(1);
    expect(err).toContain('the canary: worse; it was taken back');
    expect(await running()).toEqual(['good']);
    expect(await readPolicy(stack, 'moody')).toBeUndefined();
  });

  test('that is not worse takes over', async () => {
    const crowd = await goodOnes(1);
    const { code, err } = await upgrade('canary', 'moody', 'better', '--share', '50');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(await running()).toEqual(['better']);
    expect(await readPolicy(stack, 'moody')).toBeUndefined();
    expect(crowd.failed).toEqual([]);
  });
});

describe('a command that is killed', () => {
  // All steps with both endings are walked in memory (planner.test.ts); the rest here takes half a minute.
  const dearest = [
    ['after start', 'roll', 'better'],
    ['after stop', 'abort', 'good'],
  ] as const;
  const others = [
    ['before start', 'abort', 'good'],
    ['before prove', 'abort', 'good'],
    ['after prove', 'roll', 'better'],
    ['before stop', 'abort', 'good'],
    ['after stop', 'roll', 'better'],
    ['before finish', 'roll', 'better'],
  ] as const;
  test.each([...dearest, ...(process.env.MF_TEST_ALL ? others : [])])(
    '%s leaves an upgrade that is taken up by %s',
    async (boundary, verb, version) => {
      const crowd = await goodOnes(1);
      const words = inStack(boundary, 'roll', 'moody', 'better');
      const killed = await execa(process.execPath, [dying, ...words], { reject: false });
      expect(killed.signal).toBe('SIGKILL');
      expect(isUnfinished()).toBe(true);
      const { code, err } = await upgrade(verb, 'moody', ...(verb === 'roll' ? ['--resume'] : []));
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(await running()).toEqual([version]);
      expect(isUnfinished()).toBe(false);
      expect(crowd.failed).toEqual([]);
    },
  );
});

describe('a second command', () => {
  test('is refused while the first is at it, and told who is', async () => {
    await goodOnes(1);
    const first = upgrade('roll', 'moody', 'better');
    await expect.poll(isUnfinished, { timeout: 20_000 }).toBe(true);
    const { code, err } = await upgrade('abort', 'moody');
    expect(code).toBe(1);
    expect(err).toMatch(/mf upgrade roll moody better by \S+@\S+ \(pid \d+\) since 20.* is at it/);
    expect((await first).code).toBe(0);
  });

  test('that makes no sense is told so, with exit code 2', async () => {
    await goodOnes(1);
    for (const [words, why] of [
      [['roll', 'nobody'], 'no instance of nobody runs'],
      [['abort', 'moody'], 'no upgrade of moody is under way'],
      [['roll', 'moody', '--resume'], 'no upgrade of moody is under way'],
      [['rol', 'moody'], "there is no 'rol'"],
      [['try'], 'which service?'],
      [['canary', 'moody', 'better', '--share', '80'], '--share is a number from 1 to 50'],
      [['try', 'lb'], 'there is only ever one lb'],
    ] as const) {
      const { code, err } = await upgrade(...words);
      expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(why) });
      expect(err).toContain(' · next: ');
    }
    expect(await running()).toEqual(['good']);
  });
});
