/**
 * The memory of every program of the stack, with its children: its fair share where pages are shared
 * (PSS), which can be added up, and all that is resident (RSS), which counts Node's own code once for
 * each instance.
 */
import { type Bench, predecessor } from '../bench.ts';
import { type Memory, memoryOf, programsOf } from '../programs.ts';
import { beside, type Row } from '../report.ts';

export async function measureIdleMemory(bench: Bench): Promise<Row[]> {
  const all = await measureMemory(bench);
  return all.slice(-1).map((row) => ({ ...row, what: `${row.what}, before any load` }));
}

export async function measureMemory({ stack }: Bench): Promise<Row[]> {
  const rows: Row[] = [];
  const sum: Memory = { rssMb: 0, pssMb: 0 };
  for (const program of await programsOf(stack)) {
    const memory = await memoryOf(program);
    rows.push(memoryRow(program.name, memory));
    sum.rssMb += memory.rssMb;
    sum.pssMb += memory.pssMb;
  }
  const all = memoryRow('all', sum);
  all.beside?.push(beside('predecessor', predecessor.memoryMb, sum.pssMb));
  return [...rows, all];
}

function memoryRow(name: string, { rssMb, pssMb }: Memory): Row {
  const what = `memory of ${name}`;
  return { what, value: pssMb, unit: 'MB', beside: [beside('RSS', rssMb, pssMb)] };
}
