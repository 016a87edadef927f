import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Program } from './program.ts';
import { superviseStack } from './supervisor.ts';

const about = { service: 'echo', version: '1.0.0', settings: 'abc', by: 'up' } as const;

/** A supervisord in a folder whose name is a trial of its own. */
async function build() {
  const dir = await mkdtemp(join(tmpdir(), "mf it's größer "));
  const supervisor = superviseStack({ dir, checkout: '/nowhere', asRoot: false });
  onTestFinished(async () => {
    if (await supervisor.running()) await supervisor.shutdown();
    await rm(dir, { recursive: true });
  });
  await supervisor.start();
  return supervisor;
}

/** Tells in its log what it was given, and stays. */
function echo(words: string[], environment: Record<string, string> = {}): Program {
  const code = `const { MF_ODD } = process.env;
    console.log(JSON.stringify([process.argv.slice(1), MF_ODD])); setInterval(() => {}, 1e6);`;
  return {
    name: 'echo',
    command: [process.execPath, '-e', code.replaceAll('\n', ' '), ...words],
    user: 'nobody',
    environment,
    show: [],
    priority: 10,
    stopWaitSecs: 5,
  };
}

test('a program gets its words and its environment exactly as they were declared', async () => {
  const supervisor = await build();
  const words = [
    "it's",
    'two words',
    '',
    '100%',
    '%(program_name)s',
    'a ;b #c',
    '"quoted"',
    'größe\\n',
    '$HOME',
  ];
  const odd = "a, b=c 100% 'größe' here";
  await supervisor.declare(echo(words, { MF_ODD: odd }), about);
  await supervisor.apply(['echo']);
  await vi.waitFor(async () => {
    expect(await supervisor.lastLines('echo', 1)).toEqual([JSON.stringify([words, odd])]);
  }, 10_000);
});

test('what is declared anew runs anew, and what is withdrawn is gone', async () => {
  const supervisor = await build();
  const pidOf = async () => {
    const [program] = await vi.waitFor(async () => {
      const states = await supervisor.status();
      expect(states).toMatchObject([{ name: 'echo', state: 'RUNNING' }]);
      return states;
    });
    return program?.pid;
  };
  expect(await supervisor.isDeclared(echo(['one']), about)).toBe(false);
  expect(await supervisor.declare(echo(['one']), about)).toBeUndefined();
  expect(await supervisor.isDeclared(echo(['one']), about)).toBe(true);
  await supervisor.apply(['echo']);
  const first = await pidOf();

  // Only what the program reads at its start has changed.
  const later = { ...about, settings: 'def' };
  expect(await supervisor.isDeclared(echo(['one']), later)).toBe(false);
  const before = await supervisor.declare(echo(['one']), later);
  expect(before).toContain('"settings":"abc"');
  await supervisor.apply(['echo']);
  expect(await pidOf()).not.toBe(first);
  expect(await supervisor.declared()).toEqual([{ name: 'echo', ...later }]);

  await supervisor.withdraw(['echo']);
  expect(await supervisor.status()).toEqual([]);
  expect(await supervisor.declared()).toEqual([]);
});

test('how a program ended can be told, from a given moment on', async () => {
  const supervisor = await build();
  const since = await supervisor.logEnd();
  const program = echo([]);
  await supervisor.declare({ ...program, command: ['/bin/sh', '-c', 'exit 7'] }, about);
  await supervisor.apply(['echo']);
  await vi.waitFor(async () => {
    expect(await supervisor.endOf('echo', since)).toBe('ended (exit status 7)');
  }, 10_000);
  await supervisor.withdraw(['echo']);
  expect(await supervisor.endOf('echo', await supervisor.logEnd())).toBeUndefined();
});

test('what has to go at once is not asked, and does not come back', async () => {
  const supervisor = await build();
  const command = ['/bin/sh', '-c', 'trap "echo asked" TERM; echo up; while :; do sleep 0.1; done'];
  await supervisor.declare({ ...echo([]), command, stopWaitSecs: 60 }, about);
  await supervisor.apply(['echo']);
  await vi.waitFor(
    async () => expect(await supervisor.lastLines('echo', 1)).toEqual(['up']),
    10_000,
  );
  const begun = performance.now();
  await supervisor.withdraw(['echo'], { now: true });
  expect(performance.now() - begun).toBeLessThan(20_000);
  expect(await supervisor.status()).toEqual([]);
});
