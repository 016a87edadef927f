/**
 * `npm run bench`: brings up a stack of its own, measures it one thing after the other in one run, prints
 * a table, and takes it down again. bench/README.md says how to read the figures.
 *
 * Usage: main.ts [--quick] [--json FILE]
 * Load goes to loopback only, and each measurement ends after its time. `results/` keeps every run.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Bench, prepare } from './bench.ts';
import { measureFanOut } from './measure/fan-out.ts';
import { measureJoining } from './measure/joining.ts';
import { measureMemory } from './measure/memory.ts';
import { measurePosts } from './measure/posts.ts';
import { measureReads } from './measure/reads.ts';
import { measureSignIns } from './measure/sign-ins.ts';
import { type Row, renderTable } from './report.ts';
import { bringUp, takeDown } from './stack.ts';

const measurements: ((bench: Bench) => Promise<Row[]>)[] = [
  async ({ upSeconds }) => [{ what: 'mf up → healthy', value: upSeconds, unit: 's' }],
  async (bench) => (await measureMemory(bench)).slice(-1).map(whileIdle),
  measureJoining,
  measureFanOut,
  measureReads,
  measureSignIns,
  measurePosts,
  measureMemory,
];

function whileIdle(row: Row): Row {
  return { ...row, what: `${row.what}, before any load` };
}

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});
process.exitCode = 1; // until all is measured
try {
  const bench = await prepare(await bringUp(), values.quick);
  const rows: Row[] = [];
  for (const measure of measurements) {
    const measured = await measure(bench);
    for (const { what } of measured) process.stderr.write(`→ ${what}\n`);
    rows.push(...measured);
  }
  process.stdout.write(`${renderTable(rows)}\n`);
  await save(rows);
  process.exitCode = 0;
} finally {
  await takeDown();
}

async function save(rows: readonly Row[]): Promise<void> {
  const at = new Date().toISOString();
  const file = values.json ?? join(import.meta.dirname, 'results', `${at}.json`);
  const run = {
    at,
    quick: values.quick,
    cores: availableParallelism(),
    node: process.version,
    rows,
  };
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(run, null, 2)}\n`);
}
