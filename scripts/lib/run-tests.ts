/**
 * Runs every check and every test of the project, and counts; scripts/test calls it.
 *
 * A check (types, lint, dead code, shell) counts as one test. The tests' own counts come from vitest.
 * Everything runs even where something has failed, so that one run tells all. Tests that mostly wait run side by
 * side, and no two kinds use one stack at once; those that count lost requests have the machine to themselves.
 */
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { z } from 'zod';

/** The lanes side by side, what is in a lane one after the other: each takes about as long as the others. */
const lanes = [
  ['unit', 'system'],
  ['service', 'releases'],
  ['page', 'rollout'],
];
/** After them, alone. */
const counting = 'survival';
/** These change what they find, and put it back: one stack, brought up once, does for all of them. */
const sharing = ['page', 'rollout', counting];
const sharedStack = `test-${process.pid}`;

const report = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
});

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

const { values } = parseArgs({ options: { all: { type: 'boolean', default: false } } });
const results = await mkdtemp(join(tmpdir(), 'mf-test-'));
const counts: Count[] = [
  await check('types', 'tsc', ['--noEmit']),
  await check('lint and format', 'biome', ['check', '.']),
  await check('dead code', 'knip', []),
  ...(await checkScripts()),
];
process.once('SIGINT', () => void forgetStack().finally(() => process.exit(130)));
try {
  const side = lanes.map(async (lane) => {
    for (const project of lane) counts.push(await runProject(project));
  });
  await Promise.all(side);
  counts.push(await runProject(counting));
} finally {
  await forgetStack();
  await rm(results, { recursive: true });
}

const sum = (pick: (count: Count) => number) => counts.reduce((total, one) => total + pick(one), 0);
const [passed, failed, skipped] = [
  sum((c) => c.passed),
  sum((c) => c.failed),
  sum((c) => c.skipped),
];
const last = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
process.stdout.write(`\n${last}\n`, () => process.exit(failed > 0 ? 1 : 0));

async function forgetStack(): Promise<void> {
  await execa('scripts/mf', ['down', '--stack', sharedStack, '--purge']);
}

async function check(name: string, program: string, args: readonly string[]): Promise<Count> {
  const { exitCode, all } = await execa(program, args, {
    preferLocal: true,
    all: true,
    reject: false,
  });
  const passed = exitCode === 0;
  process.stdout.write(`${passed ? '✓' : '✗'} ${name}\n${passed ? '' : `${all}\n`}`);
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 };
}

async function checkScripts(): Promise<Count[]> {
  const listed = await execa('git', ['ls-files', '--cached', '--others', '--exclude-standard']);
  const scripts: string[] = [];
  for (const file of listed.stdout.split('\n')) if (await isShell(file)) scripts.push(file);
  return [
    await check('shellcheck', 'shellcheck', ['--external-sources', ...scripts]),
    await check('shfmt', 'shfmt', ['--diff', ...scripts]),
  ];
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

async function runProject(project: string): Promise<Count> {
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
}

function countOf(text: string): Count {
  const counted = report.parse(JSON.parse(text));
  return {
    passed: counted.numPassedTests,
    failed: counted.numFailedTests,
    skipped: counted.numPendingTests + counted.numTodoTests,
  };
}
