/** `mf status`: every program of a stack, and whether it is well. */
import { createOutput, table } from '../lib/output.ts';
import { type Overview, overviewOf } from '../lib/overview.ts';
import { loadStack, stackOption } from '../lib/stack.ts';
import { refusePositionals, type Verb } from './verb.ts';

export const status: Verb = {
  summary: 'show what runs: version, address, health, since when',
  help: `mf status [--stack NAME] [--json]

Shows every program of the stack: its name, version, address, health, and since when it runs.
Exits with 1 when one of them is not healthy, or none runs.`,
  options: {},
  async run(words) {
    refusePositionals('status', words);
    const overview = await overviewOf(await loadStack(words.stack));
    createOutput(words.json).answer(overview, statusText(overview));
    return overview.healthy ? 0 : 1;
  },
};

export function statusText({ stack, url, programs }: Overview): string {
  const runs = programs.some(({ health }) => health !== 'stopped');
  if (!runs) return `Stack ${stack} is down · next: mf up${stackOption(stack)}`;
  return `Stack ${stack} at ${url}\n\n${programsTable(programs)}`;
}

export function programsTable(programs: Overview['programs']): string {
  const rows = programs.map(({ name, version, address, health, since }) => [
    name,
    version,
    address ?? '-',
    health,
    since === undefined ? '-' : localTime(since),
  ]);
  return table(['PROGRAM', 'VERSION', 'ADDRESS', 'HEALTH', 'SINCE'], rows);
}

/** `2026-11-21 10:40:12`, as the person's clock shows it. */
function localTime(iso: string): string {
  return new Date(iso).toLocaleString('sv-SE');
}
