/**
 * The memory of every program of the stack, with its children: its fair share where pages are shared
 * (PSS), which can be added up, and all that is resident (RSS), which counts Node's own code once for
 * each instance.
 */
import { readdir, readFile } from 'node:fs/promises';
import { superviseStack } from '../../scripts/lib/supervisor.ts';
import { type Bench, predecessor } from '../bench.ts';
import { beside, type Row } from '../report.ts';

interface Memory {
  rssMb: number;
  pssMb: number;
}

const kbPerMb = 1_000;

export async function measureIdleMemory(bench: Bench): Promise<Row[]> {
  const all = await measureMemory(bench);
  return all.slice(-1).map((row) => ({ ...row, what: `${row.what}, before any load` }));
}

export async function measureMemory({ stack }: Bench): Promise<Row[]> {
  const parentOf = await parents();
  const programs = await superviseStack(stack).status();
  const roots = programs.flatMap(({ name, pid }) => (pid === undefined ? [] : [{ name, pid }]));
  const supervisord = parentOf.get(roots[0]?.pid ?? 0) ?? 0;
  const rows = [await programRow('supervisord', [supervisord])];
  for (const { name, pid } of roots) rows.push(await programRow(name, family(pid, parentOf)));
  return [...rows, sumRow(rows)];
}

interface MemoryRow extends Row {
  memory: Memory;
}

async function programRow(name: string, pids: number[]): Promise<MemoryRow> {
  const memory = { rssMb: 0, pssMb: 0 };
  for (const pid of pids) {
    const { rssMb, pssMb } = await memoryOf(pid);
    memory.rssMb += rssMb;
    memory.pssMb += pssMb;
  }
  return memoryRow(`memory of ${name}`, memory);
}

function memoryRow(what: string, memory: Memory): MemoryRow {
  const { rssMb, pssMb } = memory;
  return { what, value: pssMb, unit: 'MB', memory, beside: [beside('RSS', rssMb, pssMb)] };
}

function sumRow(rows: readonly MemoryRow[]): Row {
  const sum = (of: keyof Memory): number => rows.reduce((all, { memory }) => all + memory[of], 0);
  const row = memoryRow('memory of all', { rssMb: sum('rssMb'), pssMb: sum('pssMb') });
  return {
    ...row,
    beside: [...(row.beside ?? []), beside('predecessor', predecessor.memoryMb, row.value)],
  };
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

async function memoryOf(pid: number): Promise<Memory> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kb = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1]);
  return { rssMb: kb('Rss') / kbPerMb, pssMb: kb('Pss') / kbPerMb };
}
