/**
 * Puts on disk what a program finds at its start: folders and files with their modes and owners.
 *
 * Parts and instances say what they need (program.ts); this is the one place that writes it, and
 * that turns it into the hash by which a later `mf up` sees whether anything changed.
 */
import { createHash } from 'node:crypto';
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import type { File, Folder } from './program.ts';

export interface Belongings {
  folders: readonly Folder[];
  files: readonly File[];
}

export async function place({ folders, files }: Belongings, asRoot: boolean): Promise<void> {
  for (const { path, mode, user } of folders) {
    await mkdir(path, { recursive: true });
    await chmod(path, mode);
    if (asRoot) await giveTo(user, path);
  }
  for (const { path, content, mode, user } of files) {
    // Complete from the first moment that anybody can see it, and never readable by the wrong one.
    const unfinished = `${path}.new`;
    await writeFile(unfinished, content, { mode: 0o600 });
    await chmod(unfinished, mode);
    if (asRoot) await giveTo(user, unfinished);
    await rename(unfinished, path);
  }
}

/** The same for the same belongings: paths, contents, modes and owners. */
export function hashOf({ folders, files }: Belongings): string {
  return createHash('sha256')
    .update(JSON.stringify([folders, files]))
    .digest('hex')
    .slice(0, 16);
}

/** The user and their own group. */
async function giveTo(user: string, path: string): Promise<void> {
  await execa('chown', ['--no-dereference', `${user}:`, path]);
}
