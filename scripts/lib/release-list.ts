/**
 * The releases that a stack has, with their size and who runs them; and forgetting old ones.
 *
 * `mf releases` shows it. A release that somebody runs is never taken away.
 */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Manifest, readManifest } from '../../common/release-manifest.ts';
import type { Stack } from './stack.ts';
import { superviseStack } from './supervisor.ts';

export interface ReleaseRow {
  service: string;
  version: string;
  source: string;
  builtAt: string;
  bytes: number;
  /** Programs that run it. */
  runBy: string[];
  folder: string;
}

/** The newest of each service first. */
export async function listReleases(stack: Stack): Promise<ReleaseRow[]> {
  const root = join(stack.dir, 'releases');
  const declared = await superviseStack(stack).declared();
  const services = (await readdir(root).catch(() => [])).sort();
  const rows: ReleaseRow[] = [];
  for (const service of services) {
    const labels = (await readdir(join(root, service))).filter((name) => !name.startsWith('.'));
    const found = await Promise.all(labels.map((label) => rowOf(join(root, service, label))));
    const known = found.filter((row) => row !== undefined);
    const runBy = ({ version }: { version: string }) =>
      declared.filter((one) => one.service === service && one.version === version);
    rows.push(
      ...known
        .sort((a, b) => b.builtAt.localeCompare(a.builtAt))
        .map((row) => ({ ...row, runBy: runBy(row).map(({ name }) => name) })),
    );
  }
  return rows;
}

/** Those of `rows` that may go: nobody runs them, and `keep` newer ones of their service are left. */
export function outdated(rows: readonly ReleaseRow[], keep: number): ReleaseRow[] {
  const seen = new Map<string, number>();
  return rows.filter(({ service, runBy }) => {
    const newer = seen.get(service) ?? 0;
    seen.set(service, newer + 1);
    return newer >= keep && runBy.length === 0;
  });
}

export async function forgetReleases(rows: readonly ReleaseRow[]): Promise<void> {
  for (const { folder } of rows) await rm(folder, { recursive: true });
}

/** Undefined for what is no release, or not one any more. */
async function rowOf(folder: string): Promise<Omit<ReleaseRow, 'runBy'> | undefined> {
  const manifest: Manifest | undefined = await readManifest(folder).catch(() => undefined);
  if (manifest === undefined) return undefined;
  const { service, version, source, builtAt, files } = manifest;
  const sizes = Object.keys(files).map(async (path) => {
    // One that somebody took away counts nothing here; starting it is refused.
    return (await stat(join(folder, path)).catch(() => undefined))?.size ?? 0;
  });
  const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  return { service, version, source, builtAt, bytes, folder };
}
