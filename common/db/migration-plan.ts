/**
 * Which migrations are still to be applied, and whether that can be right. Pure.
 *
 * Migrations are files in one folder, numbered in the order in which they apply: 0001-users.sql. One that
 * has been applied is history: changing or removing it is refused, as it would make two databases
 * with the same number differ.
 */
import { createHash } from 'node:crypto';

export interface Migration {
  name: string;
  sql: string;
}

export interface Applied {
  name: string;
  sha256: string;
}

const fileName = /^(\d+)[-_][a-z0-9_-]+\.sql$/;

export const sha256Of = ({ sql }: Migration): string =>
  createHash('sha256').update(sql).digest('hex');

/** Those to apply, in order; throws where files and database do not fit together. */
export function planMigrations(
  files: readonly Migration[],
  applied: readonly Applied[],
): Migration[] {
  const ordered = files.toSorted((a, b) => numberOf(a.name) - numberOf(b.name));
  for (const [index, { name }] of ordered.entries()) {
    const before = ordered[index - 1];
    if (before && numberOf(before.name) === numberOf(name)) {
      throw new Error(`expected one migration per number, got ${before.name} and ${name}`);
    }
  }
  for (const [index, { name, sha256 }] of applied.entries()) {
    const file = ordered[index];
    if (file?.name !== name) {
      throw new Error(`expected ${name}, which has been applied, got ${file?.name ?? 'no file'}`);
    }
    if (sha256Of(file) !== sha256) throw new Error(`${name} was changed after it had been applied`);
  }
  return ordered.slice(applied.length);
}

export function numberOf(name: string): number {
  const [, digits] = fileName.exec(name) ?? [];
  if (!digits) throw new Error(`expected a name such as 0001-users.sql, got ${name}`);
  return Number(digits);
}
