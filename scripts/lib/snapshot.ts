/**
 * The source that a release is built from, as a folder of its own that nobody edits meanwhile.
 *
 * deploy.ts asks for one: of a commit (any git ref), or UNCOMMITTED_COPY, the working tree as it is
 * at this moment with files that git does not know yet and without those it ignores. Only what goes
 * into one service's release is in it. Packages are the checkout's.
 */
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { noSuchFile, StepFailure, UsageError } from './failure.ts';
import { askGit, git, unpack } from './git.ts';
import { ingredients, type Tree, workingTree } from './source.ts';

const lockfile = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.string().optional(), link: z.boolean().optional() }),
  ),
});

/** Somebody who saves a file is done by the next reading; a program that writes on and on is not. */
const readings = 6;

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

/** Whether the snapshot asks for other packages than the checkout does: then it gets those all the same. */
export async function hasOtherPackages(checkout: string, snapshot: string): Promise<boolean> {
  const [here, there] = await Promise.all([checkout, snapshot].map(packagesOf));
  return here !== there;
}

async function packagesOf(folder: string): Promise<string> {
  const { packages } = lockfile.parse(
    JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8')),
  );
  const installed = Object.entries(packages).filter(([path]) => path.includes('node_modules/'));
  return JSON.stringify(installed.filter(([, { link }]) => !link));
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
    const known = await git(checkout, ['ls-tree', '--name-only', `${commit}:services`]);
    const others = known.split('\n').join(', ');
    const why = `there is no service ${service} in ${ref} (${commit.slice(0, 8)} has ${others})`;
    throw new UsageError(`${why}; what is not committed is ${workingTree}`, 'mf run --help');
  }
  await unpack(checkout, commit, paths, folder);
  return { folder, source: async () => commit };
}

async function snapshotOfWorkingTree(
  checkout: string,
  service: string,
  folder: string,
): Promise<Tree> {
  const files = await readAtOneMoment(() => readAll(checkout, service));
  if (files === undefined) {
    const why = `somebody writes to the working tree all the time: it changed while it was read, ${readings} times`;
    throw new StepFailure(service, why, 'git status');
  }
  for (const [path, content] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return { folder, source: async () => workingTree };
}

type Files = ReadonlyMap<string, Buffer>;

/**
 * Reads until it reads the same twice: that was all there together at a moment in between. (Times of
 * change are no help: several changes can have one and the same.) Undefined where it never is.
 */
export async function readAtOneMoment(read: () => Promise<Files>): Promise<Files | undefined> {
  let before = await read();
  for (let reading = 1; reading < readings; reading += 1) {
    const now = await read();
    if (same(before, now)) return now;
    before = now;
  }
  return undefined;
}

/** Every file that git has, and every one that it does not know yet. */
async function readAll(checkout: string, service: string): Promise<Files> {
  const words = ['ls-files', '--cached', '--others', '--exclude-standard', '-z', '--'];
  const listed = await askGit(checkout, [...words, ...ingredients(service)]);
  if (listed === undefined) {
    throw new StepFailure(service, `${checkout} is no git repository`, `git -C ${checkout} init`);
  }
  const paths = namesIn(listed);
  const contents = await Promise.all(
    paths.map((path) => readFile(join(checkout, path)).catch(noSuchFile)),
  );
  const found = new Map<string, Buffer>();
  paths.forEach((path, i) => {
    const content = contents[i];
    // Without one: deleted, but not from git's index yet.
    if (content !== undefined) found.set(path, content);
  });
  return found;
}

/** What git lists with -z. */
function namesIn(listed: string): string[] {
  return listed.split('\0').filter((name) => name !== '');
}

function same(one: Files, other: Files): boolean {
  if (one.size !== other.size) return false;
  return [...one].every(([path, content]) => other.get(path)?.equals(content));
}
