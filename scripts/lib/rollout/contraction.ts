/**
 * What a new release does to the schema: whether it only expands it, as it must while the old one
 * runs, and the end of it, when what nobody needs any more is taken away.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  isContracting,
  type Migration,
  refuseSilentContraction,
} from '@microflack/common/db/expand-only.ts';
import { messageOf, StepFailure } from '../failure.ts';
import { migrate } from '../launch.ts';
import type { Deployment } from '../release.ts';
import type { Campaign } from '../start.ts';
import { instancesOf } from './instances.ts';

/** Refuses a release that would break the old ones; tells whether it takes something away at its end. */
export async function contractionOf(
  { service, release }: Deployment,
  olds: readonly Deployment[],
): Promise<'none' | 'due'> {
  const known = (await Promise.all(olds.map(migrationsOf))).flat().map(({ name }) => name);
  const fresh = (await migrationsOf({ service, release })).filter(
    ({ name }) => !known.includes(name),
  );
  try {
    for (const migration of fresh) refuseSilentContraction(migration);
  } catch (error) {
    const next = `git log -- services/${service.name}/migrations`;
    throw new StepFailure(`${service.name} ${release.label}`, messageOf(error), next);
  }
  return fresh.some(isContracting) ? 'due' : 'none';
}

/** Once no older release runs; where somebody runs one beside the upgrade, it is left for later. */
export async function contract(
  campaign: Campaign,
  { service, release }: Deployment,
): Promise<void> {
  const { stack, output } = campaign;
  const others = (await instancesOf(stack, service.name)).filter(
    ({ version }) => version !== release.label,
  );
  if (others.length > 0) {
    const names = others.map(({ program, version }) => `${program} (${version})`).join(', ');
    output.say(`  migrations that take something away are left for later: ${names} still runs`);
    return;
  }
  await migrate(campaign, { service, release }, true);
}

async function migrationsOf({ service, release }: Deployment): Promise<Migration[]> {
  if (!service.hasMigrations) return [];
  const folder = join(release.folder, 'migrations');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql'));
  return Promise.all(
    names.map(async (name) => ({ name, sql: await readFile(join(folder, name), 'utf8') })),
  );
}
