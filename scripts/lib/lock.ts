/**
 * One command at a time may change a stack.
 *
 * The kernel's own lock, held by a small child (`flock … cat`) that ends with us: however this
 * process dies, the lock is free again, and no stale file has to be recognised. A second command
 * waits for the first and says for whom; or is refused, where waiting makes no sense.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDiskFull, StepFailure } from './failure.ts';

const patienceSeconds = 600;
/** A command that was killed is survived by its lock for a moment. */
const ghostSeconds = 1;

/** Does the work while nobody else does any on this stack. `waiting` is told who has the lock. */
export async function whileLocked<T>(
  folder: string,
  command: string,
  waiting: (holder: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'lock');
  const release = (await take(file, 0)) ?? (await takeLater(file, waiting));
  try {
    await mkdir(folder, { recursive: true }); // whoever had it may have forgotten the stack
    await sign(file, command);
    return await work();
  } finally {
    await release();
  }
}

/** Does the work if nobody else does; otherwise throws what `refuse` makes of who does. */
export async function whileAlone<T>(
  file: string,
  command: string,
  refuse: (holder: string) => Error,
  work: () => Promise<T>,
): Promise<T> {
  const release = await take(file, ghostSeconds);
  if (release === undefined) throw refuse((await readFile(file, 'utf8')).trim());
  try {
    await sign(file, command);
    return await work();
  } finally {
    await release();
  }
}

async function sign(file: string, command: string): Promise<void> {
  const holder = `${command} (pid ${process.pid}) since ${new Date().toISOString()}\n`;
  await writeFile(file, holder).catch((error: unknown) => {
    // Then nobody can be told who has it. It is had all the same: to prune releases, for one.
    if (!isDiskFull(error)) throw error;
  });
}

async function takeLater(file: string, waiting: (holder: string) => void) {
  const holder = (await readFile(file, 'utf8')).trim();
  waiting(holder);
  const release = await take(file, patienceSeconds);
  if (release) return release;
  throw new StepFailure('lock', `${holder} has it, for over ${patienceSeconds} s`, 'mf status');
}

/** A function that gives the lock back; undefined when somebody has it until the time is over. */
async function take(file: string, seconds: number): Promise<(() => Promise<void>) | undefined> {
  const child = spawn(
    'flock',
    ['--timeout', String(seconds), file, 'sh', '-c', 'echo locked; exec cat'],
    // Detached: a Ctrl-C, which goes to the whole group, must not free the lock before we have undone.
    { stdio: ['pipe', 'pipe', 'ignore'], detached: true },
  );
  const gone = once(child, 'exit');
  const taken = await Promise.race([
    once(child.stdout, 'data').then(() => true),
    gone.then(() => false),
  ]);
  if (!taken) return undefined;
  return async () => {
    child.stdin.end();
    await gone;
  };
}
