/**
 * Ends what a supervisord that was killed has left running: nobody restarts or stops it any more,
 * and it holds the ports and the data of the stack's next start.
 *
 * A process is the stack's when its environment says that the stack's supervisord started it (Redis
 * is told not to overwrite that with its title). Only called while no supervisord of the stack runs.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Stack } from './stack.ts';

const patienceMs = 20_000;
const pollMs = 50;

/** Resolves to how many processes it ended: in order if they can, by force if they take too long. */
export async function endLeftovers(stack: Pick<Stack, 'dir'>): Promise<number> {
  const found = await leftovers(stack.dir);
  const forceAt = performance.now() + patienceMs;
  signalAll(found, 'SIGTERM');
  for (let left = found; left.length > 0; left = await leftovers(stack.dir)) {
    if (performance.now() > forceAt) signalAll(left, 'SIGKILL');
    await wait(pollMs);
  }
  return found.length;
}

async function leftovers(dir: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const belongs = await Promise.all(pids.map((pid) => belongsTo(pid, dir)));
  return pids.filter((_, i) => belongs[i]).map(Number);
}

async function belongsTo(pid: string, dir: string): Promise<boolean> {
  const socket = `SUPERVISOR_SERVER_URL=unix://${join(dir, 'supervisor/supervisor.sock')}`;
  // Processes come and go while we look, and those of other users are closed to us: neither is ours.
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  return environment.split('\0').includes(socket);
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // gone since we looked
    }
  }
}
