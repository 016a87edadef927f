/**
 * Runs every check and every test of the project, and counts; scripts/test calls it.
 *
 * A check (types, lint, dead code, shell) counts as one test. The tests' own counts come from vitest.
 * Everything runs even where something has failed, so that one run tells all. What mostly waits runs side by side,
 * and no two kinds of tests use one stack at once; those that count lost requests have the machine to themselves.
 * The few files that failed in the crowd run once more, alone (test-results.ts tells what comes of it).
 */
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { firstLines, hasFailed, type Result, resultsOf, summaryOf } from './test-results.ts';

type Job = () => Promise<Result[]>;

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

/** Lines that vitest ends with, where no file is to blame. */
const lastWords = 6;
/** More files than these are no accident. */
const filesAgain = 3;

const { values } = parseArgs({ options: { all: { type: 'boolean', default: false } } });
const reports = await mkdtemp(join(tmpdir(), 'mf-test-'));
const results: Result[] = [];
process.once('SIGINT', () => void cleanUp().finally(() => process.exit(interrupted)));
try {
  await Promise.all(lanes.map(inTurn));
  const again = secondTries(results);
  await inTurn(counting);
  await inTurn(again);
} finally {
  await cleanUp();
}
const { failed, text } = summaryOf(results);
process.stdout.write(`\n${text}\n`, () => process.exit(failed > 0 ? 1 : 0));

async function inTurn(jobs: readonly Job[]): Promise<void> {
  for (const job of jobs) results.push(...(await job()));
}

async function cleanUp(): Promise<void> {
  await execa(join(import.meta.dirname, '../mf'), ['down', '--stack', sharedStack, '--purge']);
  await rm(reports, { recursive: true, force: true });
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
    const failures = passed ? [] : [{ test: program, why: firstLines(all) }];
    return [{ kind: 'check', file: name, passed: passed ? 1 : 0, skipped: 0, failures }];
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

/** Files that failed beside others, each alone; a check that failed will not pass now. */
function secondTries(results: readonly Result[]): Job[] {
  const failed = results.filter((one) => one.kind !== 'check' && one.file !== '' && hasFailed(one));
  return failed.length > filesAgain ? [] : failed.map(({ kind, file }) => tests(kind, file));
}

/** Those of one kind (vitest.config.ts), or of one file of it. */
function tests(kind: string, only?: string): Job {
  return async () => {
    const file = join(reports, `${kind}.json`);
    await rm(file, { force: true });
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const files = only === undefined ? [] : [only];
    const { exitCode, all } = await execa(
      'vitest',
      ['run', '--project', kind, ...files, ...reporters],
      {
        preferLocal: true,
        all: true,
        reject: false,
        env: {
          ...(values.all ? { MF_TEST_ALL: '1' } : {}),
          ...(sharing.includes(kind) ? { MF_TEST_SHARED: sharedStack } : {}),
        },
      },
    );
    process.stdout.write(`${all}\n`);
    const report = await readFile(file, 'utf8').catch(() => undefined);
    const found = report === undefined ? [] : resultsOf(kind, report, process.cwd());
    if (exitCode === 0 || found.some(hasFailed)) return found;
    // What belongs to no file, as the setup of them all.
    const why = firstLines(all.split('\n').slice(-lastWords).join('\n'));
    const failures = [{ test: '(the run itself)', why }];
    return [...found, { kind, file: only ?? '', passed: 0, skipped: 0, failures }];
  };
}
