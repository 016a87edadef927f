/** The programs of a stack as the kernel sees them: their processes, what they hold and what they have used. */
import { readdir, readFile } from 'node:fs/promises';
import type { Stack } from '../scripts/lib/stack.ts';
import { superviseStack } from '../scripts/lib/supervisor.ts';

export interface RunningProgram {
  name: string;
  /** Its process and all that it has started. */
  pids: number[];
}

export interface Memory {
  rssMb: number;
  pssMb: number;
}

const kbPerMb = 1_000;
/** Linux counts a process's time in hundredths of a second, on every machine we run on. */
const msPerTick = 10;

/** supervisord first, then what it supervises. */
export async function programsOf(stack: Stack): Promise<RunningProgram[]> {
  const parentOf = await parents();
  const states = await superviseStack(stack).status();
  const roots = states.flatMap(({ name, pid }) => (pid === undefined ? [] : [{ name, pid }]));
  const supervisord = parentOf.get(roots[0]?.pid ?? 0) ?? 0;
  return [
    { name: 'supervisord', pids: [supervisord] },
    ...roots.map(({ name, pid }) => ({ name, pids: family(pid, parentOf) })),
  ];
}

export async function memoryOf({ pids }: RunningProgram): Promise<Memory> {
  const memory = { rssMb: 0, pssMb: 0 };
  for (const pid of pids) {
    const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
    memory.rssMb += kilobytes(rollup, 'Rss') / kbPerMb;
    memory.pssMb += kilobytes(rollup, 'Pss') / kbPerMb;
  }
  return memory;
}

/** The time it has spent on a core, in user and system mode. */
export async function cpuMsOf({ pids }: RunningProgram): Promise<number> {
  let ticks = 0;
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The name, in parentheses, may hold anything; utime and stime are the 12th and 13th behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks * msPerTick;
}

function kilobytes(rollup: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1]);
}

function family(pid: number, parentOf: ReadonlyMap<number, number>): number[] {
  const children = [...parentOf].filter(([, parent]) => parent === pid).map(([child]) => child);
  return [pid, ...children.flatMap((child) => family(child, parentOf))];
}

/** The parent of every process there is. */
async function parents(): Promise<Map<number, number>> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const pairs = await Promise.all(
    pids.map(async (pid): Promise<[number, number][]> => {
      const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
      const parent = /^PPid:\s+(\d+)/m.exec(status)?.[1];
      return parent === undefined ? [] : [[pid, Number(parent)]]; // it has just ended
    }),
  );
  return new Map(pairs.flat());
}
