/**
 * Puts on disk what a program finds at its start: folders and files with their modes and owners.
 *
 * Parts and instances say what they need (program.ts); this is the one place that writes it, and
 * that turns it into the hash by which a later `mf up` sees whether anything changed. Some folders
 * belong to the programs' own users, who could put a link where we are about to write as root: so
 * nothing is opened through a link, and modes and owners are set on what was opened, never by path.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { execa } from 'execa';
import type { File, Folder } from './program.ts';

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;

export interface Belongings {
  folders: readonly Folder[];
  files: readonly File[];
}

export async function place({ folders, files }: Belongings, asRoot: boolean): Promise<void> {
  for (const { path, mode, user } of folders) {
    await mkdir(path, { recursive: true });
    await using folder = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    await belong(folder, mode, asRoot ? user : undefined);
  }
  for (const { path, content, mode, user } of files) {
    // Complete from the first moment that anybody can see it, and never readable by the wrong one.
    const unfinished = `${path}.new`;
    await rm(unfinished, { force: true });
    await using file = await open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    await file.writeFile(content);
    await belong(file, mode, asRoot ? user : undefined);
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

/** To the user and their own group. */
async function belong(handle: FileHandle, mode: number, user: string | undefined): Promise<void> {
  await handle.chmod(mode);
  if (user === undefined) return;
  const [uid, gid] = await Promise.all([idOf('-u', user), idOf('-g', user)]);
  await handle.chown(uid, gid);
}

async function idOf(which: '-u' | '-g', user: string): Promise<number> {
  return Number((await execa('id', [which, '--', user])).stdout);
}
