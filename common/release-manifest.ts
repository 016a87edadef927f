/**
 * What a release says about itself: manifest.json, with the hash of every file.
 *
 * scripts/lib/release.ts writes it. Before an instance is started, and again by every instance as the
 * first thing it does (service.ts), the files are held against it: nothing runs that was edited.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { z } from 'zod';

const manifestName = 'manifest.json';

/** `import.meta` of a module; all modules of a bundle are one file. */
interface ModuleMeta {
  dirname: string;
  filename: string;
}

const manifestSchema = z.strictObject({
  service: z.string(),
  /** The release's label: the service's version and the first of its content's hash. */
  version: z.string(),
  /** A commit, or UNCOMMITTED_COPY. */
  source: z.string(),
  builtAt: z.iso.datetime(),
  /** Path to sha256, sorted. */
  files: z.record(z.string(), z.string()),
});

export type Manifest = z.infer<typeof manifestSchema>;

export async function readManifest(folder: string): Promise<Manifest> {
  const file = join(folder, manifestName);
  const text = await readFile(file, 'utf8');
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new Error(`${file} is not what was built`, { cause: error });
  }
}

/** The hash of each file in a release's folder, but for the manifest itself. */
export async function hashFiles(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => path !== manifestName)
    .sort();
  const hashes = paths.map(
    async (path) => [path, sha256(await readFile(join(folder, path)))] as const,
  );
  return Object.fromEntries(await Promise.all(hashes));
}

/** One hash for all of a release's content: nothing of when or where it was built goes into it. */
export function contentHash(files: Record<string, string>): string {
  const lines = Object.entries(files).map(([path, hash]) => `${hash}  ${path}\n`);
  return sha256(lines.join(''));
}

/** What differs from the manifest, as one line a file; empty when all is as it was built. */
export function differences(manifest: Manifest, found: Record<string, string>): string[] {
  const paths = new Set([...Object.keys(manifest.files), ...Object.keys(found)]);
  return [...paths].sort().flatMap((path) => {
    const [expected, actual] = [manifest.files[path], found[path]];
    if (expected === actual) return [];
    if (actual === undefined) return [`${path} is missing`];
    return [expected === undefined ? `${path} does not belong here` : `${path} was changed`];
  });
}

/** The same of the release that this very program runs from; from source there is nothing to compare. */
export async function ownDifferences({ dirname, filename }: ModuleMeta): Promise<string[]> {
  if (filename.endsWith('.ts')) return [];
  try {
    return differences(await readManifest(dirname), await hashFiles(dirname));
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

export function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}
