/**
 * The source that a release is built from, as a folder of its own that nobody edits meanwhile.
 *
 * deploy.ts asks for one: of a commit (any git ref), or UNCOMMITTED_COPY, the working tree as it is
 * at this moment with files that git does not know yet and without those it ignores. Only what goes
 * into one service's release is in it. Packages are the checkout's.
 */
import { rmSync } from 'node:fs';
import { copyFile, lstat, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { StepFailure, UsageError } from './failure.ts';
import { askGit, git, unpack } from './git.ts';
import { ingredients, type Tree, workingTree } from './source.ts';

/** Somebody who saves a file is done at the second attempt; a program that writes on and on is not. */
const copyAttempts = 5;

/** Makes the snapshot, does the work with it, and takes it away. */
export async function withSnapshot<T>(
  checkout: string,
  { service, source }: { service: string; source: string },
  work: (tree: Tree) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'mf-source-'));
  const forget = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', forget); // after a Ctrl-C
  try {
    const tree =
      source === workingTree
        ? await snapshotOfWorkingTree(checkout, service, folder)
        : await snapshotOfCommit(checkout, service, source, folder);
    await symlink(join(checkout, 'node_modules'), join(folder, 'node_modules'));
    return await work(tree);
  } finally {
    process.off('exit', forget);
    forget();
  }
}

/** The commit that a ref names, in full. */
export async function commitNamed(checkout: string, ref: string): Promise<string> {
  const words = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`];
  const commit = await askGit(checkout, words);
  if (commit !== undefined) return commit;
  const why = `there is no commit ${JSON.stringify(ref)} in ${checkout}`;
  throw new UsageError(why, `git -C ${checkout} log --oneline --all`);
}

async function snapshotOfCommit(
  checkout: string,
  service: string,
  ref: string,
  folder: string,
): Promise<Tree> {
  const commit = await commitNamed(checkout, ref);
  const words = ['ls-tree', '--name-only', '-z', commit, ...ingredients(service)];
  const paths = namesIn(await git(checkout, words));
  if (!paths.includes(`services/${service}`)) {
    const short = commit.slice(0, 8);
    const named = ref.startsWith(short) ? short : `${ref} (${short})`;
    throw new UsageError(
      `there is no service ${service} in ${named}`,
      `mf run ${service} NEW_VERSION ${workingTree}`,
    );
  }
  await unpack(checkout, commit, paths, folder);
  return { folder, source: async () => commit };
}

async function snapshotOfWorkingTree(
  checkout: string,
  service: string,
  folder: string,
): Promise<Tree> {
  for (let attempt = 1; attempt <= copyAttempts; attempt += 1) {
    const before = await filesNow(checkout, service);
    await copyAll(checkout, [...before.keys()], folder);
    if (same(before, await filesNow(checkout, service))) {
      return { folder, source: async () => workingTree };
    }
    await rm(folder, { recursive: true });
    await mkdir(folder);
  }
  const why = `the working tree changed during each of ${copyAttempts} attempts to copy it`;
  throw new StepFailure(service, why, 'git status');
}

/** Each file with what tells when it changes. */
async function filesNow(checkout: string, service: string): Promise<Map<string, string>> {
  const words = ['ls-files', '--cached', '--others', '--exclude-standard', '-z', '--'];
  const listed = await askGit(checkout, [...words, ...ingredients(service)]);
  if (listed === undefined) {
    throw new StepFailure(service, `${checkout} is no git repository`, `git -C ${checkout} init`);
  }
  const found = new Map<string, string>();
  for (const path of namesIn(listed)) {
    const about = await lstat(join(checkout, path), { bigint: true }).catch(() => undefined);
    // A file that was deleted, but not from the index yet, has no place in a copy.
    if (about?.isFile()) found.set(path, `${about.mtimeNs} ${about.size} ${about.ino}`);
  }
  return found;
}

async function copyAll(checkout: string, paths: readonly string[], folder: string): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    // Gone since it was listed: then the list has changed too, and there is another attempt.
    await copyFile(join(checkout, path), join(folder, path)).catch(ifGone);
  }
}

/** What git lists with -z. */
function namesIn(listed: string): string[] {
  return listed.split('\0').filter((name) => name !== '');
}

function same(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): boolean {
  return one.size === other.size && [...one].every(([path, about]) => other.get(path) === about);
}

function ifGone(error: unknown): void {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
  throw error;
}
