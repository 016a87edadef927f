/**
 * Where a service's further files lie: the same call works from source and in a release's bundle.
 *
 * From source, a service's folder is services/NAME. A release is one folder with main.js, and
 * beside it workers/*.js, migrations/ and public/. `import.meta` is that of the module which asks,
 * and as all modules of a bundle are one file, that is main.js there; from source it must be a
 * module in the service's own folder.
 */
import { basename, join } from 'node:path';

interface ModuleMeta {
  dirname: string;
  filename: string;
}

/** A file or folder of the service: assetPath(import.meta, 'public'). */
export function assetPath({ dirname }: ModuleMeta, name: string): string {
  return join(dirname, name);
}

/** A worker's module: workers/hash.js in a release, workers/hash.ts from source. */
export function workerPath(meta: ModuleMeta, name: string): string {
  const extension = basename(meta.filename).endsWith('.ts') ? 'ts' : 'js';
  return assetPath(meta, `workers/${name}.${extension}`);
}
