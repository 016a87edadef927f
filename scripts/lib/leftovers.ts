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
import { isPart } from './parts.ts';
import type { Stack } from './stack.ts';

const nameVariable = 'SUPERVISOR_PROCESS_NAME=';
const patienceMs = 20_000;
const pollMs = 50;

interface Leftover {
  pid: number;
  program: string;
}

/** Instances first, as they deregister in Consul. Resolves to whether there was anything. */
export async function endLeftovers(stack: Pick<Stack, 'dir'>): Promise<boolean> {
  const found = await leftovers(stack.dir);
  const isInstance = ({ program }: Leftover) => !isPart(program);
  await endAll(stack.dir, isInstance);
  await endAll(stack.dir, () => true);
  return found.length > 0;
}

/** In order if they can, by force if they take too long. */
async function endAll(dir: string, chosen: (one: Leftover) => boolean): Promise<void> {
  const forceAt = performance.now() + patienceMs;
  signalAll((await leftovers(dir)).filter(chosen), 'SIGTERM');
  for (;;) {
    const left = (await leftovers(dir)).filter(chosen);
    if (left.length === 0) return;
    if (performance.now() > forceAt) signalAll(left, 'SIGKILL');
    await wait(pollMs);
  }
}

async function leftovers(dir: string): Promise<Leftover[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map((pid) => leftoverOf(pid, dir)));
  return found.filter((one) => one !== undefined);
}

async function leftoverOf(pid: string, dir: string): Promise<Leftover | undefined> {
  // Processes come and go while we look, and those of other users are closed to us: neither is ours.
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  const variables = environment.split('\0');
  const socket = join(dir, 'supervisor/supervisor.sock');
  if (!variables.includes(`SUPERVISOR_SERVER_URL=unix://${socket}`)) return undefined;
  const name = variables.find((variable) => variable.startsWith(nameVariable));
  return { pid: Number(pid), program: name?.slice(nameVariable.length) ?? '' };
}

function signalAll(processes: readonly Leftover[], signal: NodeJS.Signals): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, signal);
    } catch {
      // gone since we looked
    }
  }
}
