/**
 * The stack's own supervisord: what it shall run, and what it runs.
 *
 * `declare` writes one program's file; `apply` makes supervisord follow the files: new programs
 * start, changed ones restart. `withdraw` stops and forgets. It knows nothing of readiness: serving.ts and the parts do. Its folder is
 * closed to everybody else, since whoever reaches the socket in it commands the stack.
 */
import { once } from 'node:events';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { execa } from 'execa';
import { confined } from './confine.ts';
import { daemonIni, type Header, parseHeader, programIni } from './ini.ts';
import type { Program } from './program.ts';
import type { Stack } from './stack.ts';
import { type ProgramState, parseEnd, parseStatus } from './supervisor-output.ts';

/** A stop waits for the program's own patience; this is only against a supervisord that hangs. */
const commandTimeoutMs = 120_000;
const pollMs = 20;

/** An ordinary user's PATH may lack the folders where Debian keeps daemons. */
const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A program as its file describes it. */
export interface Declared extends Header {
  name: string;
}

export type Supervisor = ReturnType<typeof superviseStack>;

export function superviseStack(stack: Pick<Stack, 'dir' | 'checkout' | 'asRoot'>) {
  const folder = join(stack.dir, 'supervisor');
  const programs = join(folder, 'programs');
  const logFolder = join(stack.dir, 'log');
  const daemonLog = join(logFolder, 'supervisord.log');
  const configuration = join(folder, 'supervisord.conf');

  /** Starts the daemon with no programs yet: what was declared for an earlier one is not its business. */
  async function start(): Promise<void> {
    await rm(programs, { recursive: true, force: true });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await mkdir(programs, { recursive: true });
    await mkdir(logFolder, { recursive: true });
    await writeFile(configuration, daemonIni(folder, logFolder, stack.asRoot));
    // A clean environment: every program inherits it, and the caller's shell is nobody's business.
    await execa('supervisord', ['-c', configuration], {
      cwd: '/',
      env: { PATH: path, LC_ALL: 'C.UTF-8' },
      extendEnv: false,
      stdin: 'ignore',
      // Out of reach of a Ctrl-C, which goes to our whole group: what is half a daemon cannot be stopped.
      detached: true,
    });
  }

  /** Whether exactly this is declared, so that there is nothing to do for it. */
  async function isDeclared(program: Program, about: Header): Promise<boolean> {
    const text = await readFile(fileOf(program.name), 'utf8').catch(() => '');
    return text === iniOf(program, about);
  }

  /** Resolves to the declaration that it replaces, for restore. */
  async function declare(program: Program, about: Header): Promise<string | undefined> {
    const before = await readFile(fileOf(program.name), 'utf8').catch(() => undefined);
    await restore(program.name, iniOf(program, about));
    return before;
  }

  async function restore(name: string, declaration: string): Promise<void> {
    const file = fileOf(name);
    await writeFile(`${file}.new`, declaration);
    await rename(`${file}.new`, file);
  }

  async function withdraw(names: readonly string[]): Promise<void> {
    for (const name of names) await rm(join(programs, `${name}.ini`), { force: true });
    await Promise.all(names.map((name) => apply([name])));
  }

  async function apply(names: readonly string[]): Promise<void> {
    if (names.length > 0) await control('update', ...names);
  }

  /** Starts again what is declared and has ended for good. */
  async function revive(names: readonly string[]): Promise<void> {
    if (names.length > 0) await control('start', ...names);
  }

  async function declared(): Promise<Declared[]> {
    const files = await readdir(programs).catch(() => []);
    const inis = files.filter((file) => file.endsWith('.ini'));
    return Promise.all(
      inis.map(async (file) => ({
        name: file.slice(0, -'.ini'.length),
        ...parseHeader(await readFile(join(programs, file), 'utf8')),
      })),
    );
  }

  async function status(): Promise<ProgramState[]> {
    return (await running()) ? parseStatus(await control('status')) : [];
  }

  /** Whether a supervisord answers; much cheaper than to ask it something. */
  async function running(): Promise<boolean> {
    const socket = connect(join(folder, 'supervisor.sock'));
    try {
      await once(socket, 'connect');
      return true;
    } catch {
      return false; // refused, or no socket: both mean that nobody is there
    } finally {
      socket.destroy();
    }
  }

  /** Stops everything that still runs, all at once, and then the daemon itself. */
  async function shutdown(): Promise<void> {
    const pid = (await readFile(join(folder, 'supervisord.pid'), 'utf8')).trim();
    await control('stop', 'all');
    await control('shutdown');
    // Its socket goes before it does; and one that nobody reaps has no command line any more.
    while ((await readFile(`/proc/${pid}/cmdline`).catch(() => '')).length > 0) await wait(pollMs);
  }

  /** Where the daemon's log ends now: endOf looks from there on. */
  async function logEnd(): Promise<number> {
    return (await stat(daemonLog)).size;
  }

  /** How a program has ended since then, in the daemon's words; undefined while it has not. */
  async function endOf(name: string, since: number): Promise<string | undefined> {
    const log = await readFile(daemonLog);
    return parseEnd(log.subarray(Math.min(since, log.length)).toString(), name);
  }

  async function lastLines(name: string, count: number): Promise<string[]> {
    const log = await readFile(join(logFolder, `${name}.log`), 'utf8').catch(() => '');
    return log
      .split('\n')
      .filter((line) => line !== '')
      .slice(-count);
  }

  async function control(...args: string[]): Promise<string> {
    const { exitCode, all } = await execa('supervisorctl', ['-c', configuration, ...args], {
      all: true,
      env: { LC_ALL: 'C.UTF-8' },
      timeout: commandTimeoutMs,
      reject: false,
    });
    // `status` exits 3 where some program is not running, which is an answer and no failure.
    const failed = args[0] === 'status' ? exitCode !== 0 && exitCode !== 3 : exitCode !== 0;
    if (failed || all.includes('ERROR')) {
      throw new Error(`supervisorctl ${args.join(' ')}: ${all || 'no answer'}`);
    }
    return all;
  }

  function iniOf(program: Program, about: Header): string {
    return programIni(program, confined(program, stack), about, logFolder);
  }

  function fileOf(name: string): string {
    return join(programs, `${name}.ini`);
  }

  return {
    start,
    running,
    shutdown,
    isDeclared,
    declare,
    restore,
    withdraw,
    declared,
    apply,
    revive,
    status,
    logEnd,
    endOf,
    lastLines,
  };
}
