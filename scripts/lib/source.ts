/**
 * Where a release comes from: the files that go into it, as one hash, and the commit, if it is one.
 *
 * The hash answers "was this built before?" in milliseconds, which is what makes a second `mf up`
 * quick. It may be wider than need be (a comment in common/ changes it for every service): then a
 * build runs and finds that its content was there.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../../common/release-manifest.ts';
import { askGit, git } from './git.ts';

/** What stands for the working tree, where otherwise a commit is named. */
export const workingTree = 'UNCOMMITTED_COPY';

/** Files to build from: a checkout, or a snapshot of one. */
export interface Tree {
  folder: string;
  /** A commit, or UNCOMMITTED_COPY. Asked only when something is built, as it may take git a while. */
  source(): Promise<string>;
}

const ignored = /(^|\/)(node_modules|dist|testing)(\/|$)|\.test\.tsx?$|\.md$/;

/** How a release is built, which is part of what it is built from. */
const recipe = ['release-content.ts', 'bundle.ts'];

/** Everything that a service's release is made of, below the checkout. */
export function ingredients(service: string): string[] {
  return [`services/${service}`, 'common', 'package-lock.json', 'tsconfig.json'];
}

/** The checkout itself, which is what `mf up` builds from. */
export function checkoutTree(checkout: string, service: string): Tree {
  return { folder: checkout, source: () => commitOf(checkout, service) };
}

export async function sourceHash(folder: string, service: string): Promise<string> {
  const below = ingredients(service).map((path) => filesBelow(folder, path));
  const paths = (await Promise.all(below)).flat().sort();
  const hash = async (name: string, path: string) => `${sha256(await readFile(path))} ${name}\n`;
  const lines = [
    ...recipe.map((file) => hash(file, join(import.meta.dirname, file))),
    ...paths.map((path) => hash(path, join(folder, path))),
  ];
  return sha256((await Promise.all(lines)).join(''));
}

/** The commit when the ingredients are as committed, UNCOMMITTED_COPY otherwise. */
async function commitOf(checkout: string, service: string): Promise<string> {
  const paths = ingredients(service);
  const changes = await askGit(checkout, ['status', '--porcelain', '--', ...paths]);
  return changes === '' ? git(checkout, ['rev-parse', 'HEAD']) : workingTree;
}

async function filesBelow(folder: string, path: string): Promise<string[]> {
  if (ignored.test(path)) return [];
  const entries = await readdir(join(folder, path), { withFileTypes: true }).catch(whatItIs);
  if (entries === 'a file') return [path];
  const below = entries.map((entry) => {
    const inner = `${path}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(folder, inner) : ignored.test(inner) ? [] : [inner];
  });
  return (await Promise.all(below)).flat();
}

/** Why a folder could not be read: it is a file, or is not there, which is as good as empty. */
function whatItIs(error: unknown): 'a file' | [] {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOTDIR') return 'a file';
  if (code === 'ENOENT') return [];
  throw error;
}
