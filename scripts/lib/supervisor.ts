/**
 * The stack's own supervisord: starts it, makes it follow the declarations, tells what it runs.
 *
 * `declare` (declarations.ts) writes down what shall run; `apply` starts it, or starts it anew.
 * `withdraw` stops and forgets. It knows nothing of readiness: serving.ts and the parts do. Its
 * folder is closed to everybody else, since whoever reaches the socket in it commands the stack.
 */
import { once } from 'node:events';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { execa } from 'execa';
import { declarationsOf } from './declarations.ts';
import { daemonIni } from './ini.ts';
import type { Stack } from './stack.ts';
import { type ProgramState, parseEnd, parseStates } from './supervisor-output.ts';
import { faultCodes, SupervisorFault, supervisorAt } from './supervisor-rpc.ts';

const pollMs = 20;

/** An ordinary user's PATH may lack the folders where Debian keeps daemons. */
const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export type Supervisor = ReturnType<typeof superviseStack>;

export function superviseStack(stack: Pick<Stack, 'dir' | 'checkout' | 'asRoot'>) {
  const folder = join(stack.dir, 'supervisor');
  const socket = join(folder, 'supervisor.sock');
  const configuration = join(folder, 'supervisord.conf');
  const logFolder = join(stack.dir, 'log');
  const daemonLog = join(logFolder, 'supervisord.log');
  const declarations = declarationsOf(stack);
  const call = supervisorAt(socket);

  /** Starts the daemon with no programs yet: what was declared for an earlier one is not its business. */
  async function start(): Promise<void> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await mkdir(logFolder, { recursive: true });
    await declarations.clear();
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

  /** Starts what was declared since; what runs under such a name is stopped first. */
  async function apply(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    await call('reloadConfig');
    await Promise.all(
      names.map(async (name) => {
        await stop(name);
        await call('addProcessGroup', name);
      }),
    );
  }

  /** In order; with `now` by force, and at once. */
  async function withdraw(names: readonly string[], { now = false } = {}): Promise<void> {
    await Promise.all(
      names.map(async (name) => {
        if (now) await kill(name);
        await stop(name);
        // Last: while it drains its name is taken, and whoever is killed here leaves it to be found.
        await declarations.forget(name);
      }),
    );
  }

  /** Waits until the program has ended, in order or after its patience by force. */
  async function stop(name: string): Promise<void> {
    try {
      await call('stopProcessGroup', name);
      await call('removeProcessGroup', name);
    } catch (error) {
      if (!(error instanceof SupervisorFault)) throw error;
      // It had ended by itself, so there was nothing to stop, and was restarted before it could go.
      if (error.code === faultCodes.stillRunning) return stop(name);
      if (error.code !== faultCodes.badName) throw error;
    }
  }

  /** Told to stop first: otherwise supervisord would start it again. */
  async function kill(name: string): Promise<void> {
    try {
      await call('stopProcessGroup', name, false);
      await call('signalProcessGroup', name, 'KILL');
    } catch (error) {
      // It had ended, or never began.
      if (!(error instanceof SupervisorFault)) throw error;
    }
  }

  async function status(): Promise<ProgramState[]> {
    return (await running()) ? parseStates(await call('getAllProcessInfo')) : [];
  }

  async function running(): Promise<boolean> {
    const probe = connect(socket);
    try {
      await once(probe, 'connect');
      return true;
    } catch {
      return false; // refused, or no socket: both mean that nobody is there
    } finally {
      probe.destroy();
    }
  }

  /** Stops everything that still runs, all at once, and then the daemon itself. */
  async function shutdown(): Promise<void> {
    const pid = (await readFile(join(folder, 'supervisord.pid'), 'utf8')).trim();
    await call('stopAllProcesses');
    await call('shutdown');
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

  const logOf = (name: string) => join(logFolder, `${name}.log`);

  /** How much a program has logged by now. */
  async function logSize(name: string): Promise<number> {
    return (await stat(logOf(name)).catch(() => ({ size: 0 }))).size;
  }

  /** The last ones, or of those the ones after so many bytes. */
  async function lastLines(name: string, count: number, from = 0): Promise<string[]> {
    const log = await readFile(logOf(name)).catch(() => Buffer.alloc(0));
    // A log that is shorter now was put aside as too long, and begun anew.
    const text = log.subarray(log.length < from ? 0 : from).toString();
    const lines = text.split('\n').filter((line) => line !== '');
    return lines.slice(-count);
  }

  const { isDeclared, declare, restore, declared } = declarations;
  return {
    ...{ start, running, shutdown },
    ...{ isDeclared, declare, restore, declared },
    ...{ apply, withdraw, status },
    ...{ logEnd, endOf, logSize, lastLines },
  };
}
