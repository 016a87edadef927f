/**
 * Which migrations are still to be applied, and whether that can be right. Pure.
 *
 * Migrations are files in one folder, numbered in the order in which they apply: 0001-users.sql.
 * One that has been applied is history: changing or removing it is refused, as it would make two
 * databases with the same number differ.
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
  const ordered = inOrder(files);
  for (const [index, { name, sha256 }] of applied.entries()) {
    const file = ordered[index];
    if (file?.name !== name) {
      throw new Error(`expected ${name}, which has been applied, got ${file?.name ?? 'no file'}`);
    }
    if (sha256Of(file) !== sha256) throw new Error(`${name} was changed after it had been applied`);
  }
  return ordered.slice(applied.length);
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
