/** `mf releases`: what was built, from what, how large, how old, and who runs it. */
import { UsageError } from '../lib/failure.ts';
import { whileLocked } from '../lib/lock.ts';
import { createOutput, table } from '../lib/output.ts';
import { forgetReleases, listReleases, outdated, type ReleaseRow } from '../lib/release-list.ts';
import { loadStack, stackOption } from '../lib/stack.ts';
import { refusePositionals, text, type Verb } from './verb.ts';

const commitLetters = 8;

export const releases: Verb = {
  summary: 'list the releases: source, size, age, who runs them',
  help: `mf releases [--prune [--keep N]] [--stack NAME] [--json]

Lists every release that the stack has, the newest of each service first.

  --prune   forgets those that nobody runs, but for the newest of each service
  --keep N  how many of the newest are kept (5)`,
  options: {
    prune: { type: 'boolean', default: false },
    keep: { type: 'string', default: '5' },
  },
  async run(words) {
    refusePositionals('releases', words);
    const keep = text(words, 'keep') ?? '';
    if (!/^\d{1,4}$/.test(keep)) {
      throw new UsageError(`releases: --keep is a number, not '${keep}'`, 'mf releases --help');
    }
    const output = createOutput(words.json);
    const stack = await loadStack(words.stack);
    if (words.values.prune === true) {
      const waiting = (holder: string) => output.say(`  waiting for ${holder}`);
      await whileLocked(stack.dir, 'mf releases --prune', waiting, async () => {
        const old = outdated(await listReleases(stack), Number(keep));
        await output.step('releases', 'mf releases', async () => {
          await forgetReleases(old);
          return old.length > 0 ? `${old.length} forgotten` : undefined;
        });
      });
    }
    const rows = await listReleases(stack);
    const none = `No release was built yet · next: mf up${stackOption(stack.name)}`;
    output.answer({ releases: rows }, rows.length > 0 ? releasesTable(rows, Date.now()) : none);
    return 0;
  },
};

export function releasesTable(rows: readonly ReleaseRow[], nowMs: number): string {
  const lines = rows.map(({ service, version, source, bytes, builtAt, runBy }) => [
    service,
    version,
    /^[0-9a-f]{40}$/.test(source) ? source.slice(0, commitLetters) : source,
    `${(bytes / 1e6).toFixed(1)} MB`,
    age(nowMs - Date.parse(builtAt)),
    runBy.join(', ') || '-',
  ]);
  return table(['SERVICE', 'VERSION', 'SOURCE', 'SIZE', 'AGE', 'RUN BY'], lines);
}

/** `3 min`, in the largest unit of which there is at least one. */
function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const units = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'min'],
  ] as const;
  const [size, unit] = units.find(([length]) => seconds >= length) ?? [1, 's'];
  return `${Math.floor(seconds / size)} ${unit}`;
}
