/**
 * Where a release comes from: the files that go into it, as one hash, and the commit, if it is one.
 *
 * The hash answers "was this built before?" in milliseconds, which is what makes a second `mf up`
 * quick. It may be wider than need be (a comment in common/ changes it for every service): then a
 * build runs and finds that its content was there.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { execa } from 'execa';
import { sha256 } from './manifest.ts';
import type { Service } from './services.ts';

const ignored = /(^|\/)(node_modules|dist|testing)(\/|$)|\.test\.tsx?$|\.md$/;

/** How a release is built, which is part of what it is built from. */
const recipe = ['release.ts', 'bundle.ts'];

/** Everything that a service's release is made of, below the checkout. */
function ingredients(checkout: string, service: Service): string[] {
  return [relative(checkout, service.folder), 'common', 'package-lock.json'];
}

export async function sourceHash(checkout: string, service: Service): Promise<string> {
  const below = ingredients(checkout, service).map((path) => filesBelow(checkout, path));
  const paths = (await Promise.all(below)).flat().sort();
  const hash = async (name: string, path: string) => `${sha256(await readFile(path))} ${name}\n`;
  const lines = [
    ...recipe.map((file) => hash(file, join(import.meta.dirname, file))),
    ...paths.map((path) => hash(path, join(checkout, path))),
  ];
  return sha256((await Promise.all(lines)).join(''));
}

/** The commit when the ingredients are as committed, UNCOMMITTED_COPY otherwise. */
export async function commitOf(checkout: string, service: Service): Promise<string> {
  const paths = ingredients(checkout, service);
  const status = await execa('git', ['status', '--porcelain', '--', ...paths], {
    cwd: checkout,
    reject: false,
  });
  if (status.exitCode !== 0 || status.stdout !== '') return 'UNCOMMITTED_COPY';
  return (await execa('git', ['rev-parse', 'HEAD'], { cwd: checkout })).stdout;
}

async function filesBelow(checkout: string, path: string): Promise<string[]> {
  if (ignored.test(path)) return [];
  const entries = await readdir(join(checkout, path), { withFileTypes: true }).catch(
    () => undefined,
  );
  if (entries === undefined) return [path]; // a file, not a folder
  const below = entries.map((entry) => {
    const inner = `${path}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(checkout, inner) : ignored.test(inner) ? [] : [inner];
  });
  return (await Promise.all(below)).flat();
}
