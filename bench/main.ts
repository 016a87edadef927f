/**
 * `npm run bench`: brings up a stack of its own, measures it one thing after the other in one run, prints
 * a table, and takes it down again. bench/README.md says how to read the figures.
 *
 * Usage: main.ts [--quick] [--only NAME,NAME...] [--json FILE]
 * Load goes to loopback only, and each measurement ends after its time. `results/` keeps every run.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Bench, prepare } from './bench.ts';
import { measureFanOut } from './measure/fan-out.ts';
import { measureJoining } from './measure/joining.ts';
import { measureIdleMemory, measureMemory } from './measure/memory.ts';
import { measurePosts } from './measure/posts.ts';
import { measureReads } from './measure/reads.ts';
import { measureReleases } from './measure/releases.ts';
import { measureSignIns } from './measure/sign-ins.ts';
import { type Row, renderTable } from './report.ts';
import { bringUp, takeDown } from './stack.ts';

/** In this order: the later ones leave more rows, and more heat, behind. */
const measurements: Record<string, (bench: Bench) => Promise<Row[]>> = {
  up: async ({ upSeconds }) => [{ what: 'mf up → healthy', value: upSeconds, unit: 's' }],
  idle: measureIdleMemory,
  joining: measureJoining,
  releases: measureReleases,
  'fan-out': measureFanOut,
  reads: measureReads,
  'sign-ins': measureSignIns,
  posts: measurePosts,
  memory: measureMemory,
};

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: Object.keys(measurements).join() },
    json: { type: 'string' },
  },
});
const interrupted = 130;
process.once('SIGINT', () => void takeDown().finally(() => process.exit(interrupted)));
try {
  const bench = await prepare(await bringUp(), values.quick);
  const rows: Row[] = [];
  for (const name of values.only.split(',')) {
    process.stderr.write(`→ measuring ${name}\n`);
    rows.push(...((await measurements[name]?.(bench)) ?? []));
  }
  process.stdout.write(`${renderTable(rows)}\n`);
  await save(rows);
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
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
