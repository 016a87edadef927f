/**
 * Runs single parts for tests: in a stack of the test's own, confined as they are under supervisord,
 * but as children of the test. No test that uses this touches any other stack.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { place } from '../place.ts';
import { chooseInnerPorts, firstFree } from '../ports.ts';
import type { Part, Program } from '../program.ts';
import { createStack, type Stack } from '../stack.ts';

const confine = join(import.meta.dirname, '../confine.sh');

export interface TestStack extends Stack {
  /** Places the part's files and starts it. */
  start(part: Part): Promise<ChildProcess>;
  /** The same, and waits until it is ready. */
  run(part: Part): Promise<ChildProcess>;
  /** Ends what still runs, and takes the stack's folder away. */
  end(): Promise<void>;
}

export async function makeTestStack(services: readonly string[]): Promise<TestStack> {
  // A path as people have them, with a space and a letter beyond ASCII.
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'microflack pärt ')));
  process.env.MF_STATE_DIR = folder;
  const bind = '127.0.0.1';
  const ports = { ...(await chooseInnerPorts()), public: await firstFree(20_000, bind) };
  const stack = await createStack('test', { bind, ports, services });
  const children: ChildProcess[] = [];

  async function start(part: Part): Promise<ChildProcess> {
    await place(part, stack.asRoot);
    const child = spawnConfined(stack, part.program);
    children.push(child);
    return child;
  }

  async function run(part: Part): Promise<ChildProcess> {
    const child = await start(part);
    const died = once(child, 'exit').then(() => logOf(stack, part));
    const log = await Promise.race([part.ready(), died]);
    if (log !== undefined) throw new Error(`${part.program.name} ended at once:\n${log}`);
    return child;
  }

  async function end(): Promise<void> {
    await Promise.all(children.map((child) => endProgram(child, 'SIGKILL')));
    await rm(folder, { recursive: true });
  }

  return { ...stack, start, run, end };
}

/** Sends a signal, and waits until the program is gone. */
export async function endProgram(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}

/** The addresses on which a program takes connections or packets. */
export async function listeningHosts(child: ChildProcess): Promise<Set<string>> {
  const { stdout } = await execa('ss', ['-Htulnp']);
  const own = stdout.split('\n').filter((line) => line.includes(`pid=${child.pid},`));
  return new Set(own.map((line) => line.trim().split(/\s+/)[4]?.replace(/:\d+$/, '') ?? line));
}

function logOf({ dir }: Stack, { program }: Part): Promise<string> {
  return readFile(join(dir, `${program.name}.log`), 'utf8');
}

function spawnConfined(stack: Stack, program: Program): ChildProcess {
  const hide = [stack.checkout, stack.dir].flatMap((path) => ['--hide', path]);
  const show = program.show.flatMap((one) => [
    one.writable ? '--show-writable' : '--show',
    one.path,
  ]);
  const log = openSync(join(stack.dir, `${program.name}.log`), 'a');
  const child = spawn(
    'bash',
    [confine, '--user', program.user, ...hide, ...show, '--', ...program.command],
    {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8', ...program.environment },
      stdio: ['ignore', log, log],
    },
  );
  closeSync(log);
  return child;
}
