/**
 * Runs every check and every test of the project, and counts; scripts/test calls it.
 *
 * A check (types, lint, dead code, shell) counts as one test. The tests' own counts come from vitest.
 * Everything runs even where something has failed, so that one run tells all. What mostly waits runs side by side,
 * and no two kinds of tests use one stack at once; those that count lost requests have the machine to themselves.
 */
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { z } from 'zod';

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

type Job = () => Promise<Count>;

/** Side by side, and what is in a lane one after the other: each lane takes about as long as the others. */
const lanes: Job[][] = [
  [
    check('types', 'tsc', ['--noEmit']),
    check('lint and format', 'biome', ['check', '.']),
    check('dead code', 'knip', []),
    checkScripts('shellcheck', ['--external-sources']),
    checkScripts('shfmt', ['--diff']),
    tests('unit'),
    tests('releases'),
    tests('system'),
  ],
  [tests('service')],
  [tests('page'), tests('rollout')],
];
/** After them, alone. */
const counting: Job[] = [tests('survival')];
/** These put back what they change: one stack, brought up once, does for all of them. */
const sharing = ['page', 'rollout', 'survival'];
const sharedStack = `test-${process.pid}`;
const interrupted = 130;

const report = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
});

const { values } = parseArgs({ options: { all: { type: 'boolean', default: false } } });
const results = await mkdtemp(join(tmpdir(), 'mf-test-'));
const counts: Count[] = [];
process.once('SIGINT', () => void cleanUp().finally(() => process.exit(interrupted)));
try {
  await Promise.all(lanes.map(inTurn));
  await inTurn(counting);
} finally {
  await cleanUp();
}

const sum = (pick: (count: Count) => number) => counts.reduce((total, one) => total + pick(one), 0);
const [passed, failed, skipped] = [
  sum((c) => c.passed),
  sum((c) => c.failed),
  sum((c) => c.skipped),
];
const last = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
process.stdout.write(`\n${last}\n`, () => process.exit(failed > 0 ? 1 : 0));

async function inTurn(jobs: readonly Job[]): Promise<void> {
  for (const job of jobs) counts.push(await job());
}

async function cleanUp(): Promise<void> {
  await execa(join(import.meta.dirname, '../mf'), ['down', '--stack', sharedStack, '--purge']);
  await rm(results, { recursive: true, force: true });
}

function check(name: string, program: string, args: readonly string[]): Job {
  return async () => {
    const { exitCode, all } = await execa(program, args, {
      preferLocal: true,
      all: true,
      reject: false,
    });
    const passed = exitCode === 0;
    process.stdout.write(`${passed ? '✓' : '✗'} ${name}\n${passed ? '' : `${all}\n`}`);
    return { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 };
  };
}

function checkScripts(program: string, args: readonly string[]): Job {
  return async () => {
    const listed = await execa('git', ['ls-files', '--cached', '--others', '--exclude-standard']);
    const scripts: string[] = [];
    for (const file of listed.stdout.split('\n')) if (await isShell(file)) scripts.push(file);
    return check(program, program, [...args, ...scripts])();
  };
}

/** By its first line; a file that git still lists may be gone. */
async function isShell(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0);
    return /^#(!.*\b(ba)?sh\b| shellcheck shell=)/.test(buffer.toString('utf8', 0, bytesRead));
  } finally {
    await file.close();
  }
}

/** Those of one kind (vitest.config.ts). */
function tests(project: string): Job {
  return async () => {
    const file = join(results, `${project}.json`);
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const { exitCode, all } = await execa('vitest', ['run', '--project', project, ...reporters], {
      preferLocal: true,
      all: true,
      reject: false,
      env: {
        ...(values.all ? { MF_TEST_ALL: '1' } : {}),
        ...(sharing.includes(project) ? { MF_TEST_SHARED: sharedStack } : {}),
      },
    });
    process.stdout.write(`${all}\n`);
    const text = await readFile(file, 'utf8').catch(() => undefined);
    const counted = text === undefined ? { passed: 0, failed: 0, skipped: 0 } : countOf(text);
    // A setup that failed, or a file that could not be read, has no test of its own to fail.
    return exitCode !== 0 && counted.failed === 0 ? { ...counted, failed: 1 } : counted;
  };
}

function countOf(text: string): Count {
  const counted = report.parse(JSON.parse(text));
  return {
    passed: counted.numPassedTests,
    failed: counted.numFailedTests,
    skipped: counted.numPendingTests + counted.numTodoTests,
  };
}
