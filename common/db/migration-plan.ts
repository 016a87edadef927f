/**
 * Which migrations are still to be applied, and whether that can be right. Pure.
 *
 * Migrations are files in one folder, numbered in the order in which they apply: 0001-users.sql.
 * One that has been applied is history: changing or removing it is refused, as it would make two
 * databases with the same number differ. A release whose files end before history does is an older
 * one: it goes on with the newer schema, unless something was taken away since.
 */
import { createHash } from 'node:crypto';
import { isContracting, type Migration, refuseSilentContraction } from './expand-only.ts';

export type { Migration } from './expand-only.ts';

export interface Applied {
  name: string;
  sha256: string;
  contracting: boolean;
}

export interface MigrationPlan {
  apply: Migration[];
  /** Contracting ones, which wait until no older release runs. */
  withheld: Migration[];
}

const fileName = /^(\d+)[-_][a-z0-9_-]+\.sql$/;

export const sha256Of = ({ sql }: Migration): string =>
  createHash('sha256').update(sql).digest('hex');

/** Throws where files and database do not fit together. `alone`: no older release runs. */
export function planMigrations(
  files: readonly Migration[],
  applied: readonly Applied[],
  alone: boolean,
): MigrationPlan {
  const ordered = inOrder(files);
  for (const [index, { name, sha256 }] of applied.slice(0, ordered.length).entries()) {
    const file = ordered[index];
    if (file?.name !== name) {
      throw new Error(`expected ${name}, which has been applied, got ${file?.name ?? 'no file'}`);
    }
    if (sha256Of(file) !== sha256) throw new Error(`${name} was changed after it had been applied`);
  }
  const taken = applied.slice(ordered.length).find(({ contracting }) => contracting);
  if (taken) throw new Error(`${taken.name} has taken away what this older release needs`);
  const pending = ordered.slice(applied.length);
  for (const migration of pending) refuseSilentContraction(migration);
  // Nobody can be using a schema that has never been migrated.
  return alone || applied.length === 0
    ? { apply: pending, withheld: [] }
    : withholdContracting(pending);
}

function withholdContracting(pending: readonly Migration[]): MigrationPlan {
  const first = pending.findIndex(isContracting);
  if (first === -1) return { apply: [...pending], withheld: [] };
  const withheld = pending.slice(first);
  const stranded = withheld.find((migration) => !isContracting(migration));
  if (stranded) {
    throw new Error(
      `${stranded.name} comes after ${withheld[0]?.name}, which contracts and waits until no older release runs: release that one first`,
    );
  }
  return { apply: pending.slice(0, first), withheld };
}

function inOrder(files: readonly Migration[]): Migration[] {
  const byNumber = new Map<number, Migration>();
  for (const file of files) {
    const number = numberOf(file.name);
    const other = byNumber.get(number);
    if (other) throw new Error(`expected one file per number, got ${other.name} and ${file.name}`);
    byNumber.set(number, file);
  }
  return [...byNumber].sort(([a], [b]) => a - b).map(([, file]) => file);
}

function numberOf(name: string): number {
  const [, digits] = fileName.exec(name) ?? [];
  if (!digits) throw new Error(`expected a name such as 0001-users.sql, got ${name}`);
  return Number(digits);
}
