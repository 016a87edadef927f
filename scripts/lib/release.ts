/**
 * Builds a service into a release: an immutable folder that runs anywhere Node 24 is.
 *
 *   DIR/releases/SERVICE/LABEL/  main.js  main.js.map  workers/  migrate.js  migrations/  public/
 *                                package.json  manifest.json
 *
 * The label is the person's, or else the service's version and the content's hash; a label that
 * exists is never written again. What was built from the same files before is found by their hash,
 * without building, and copied where it gets another label.
 */
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  contentHash,
  differences,
  hashFiles,
  type Manifest,
  readManifest,
} from '../../common/release-manifest.ts';
import { noSuchFile, StepFailure } from './failure.ts';
import { whileLocked } from './lock.ts';
import { writeContent } from './release-content.ts';
import { releasedService, type Service } from './services.ts';
import { sourceHash, type Tree } from './source.ts';

export interface Release {
  service: string;
  /** `v2`, or `1.0.0-3fa2b1c0` where nobody gave it a name. */
  label: string;
  /** Absolute. */
  folder: string;
  /** The commit it was built from, or UNCOMMITTED_COPY. */
  source: string;
  /** False when it was there already. */
  built: boolean;
}

/** A release, and the service as it was in it. */
export interface Deployment {
  service: Service;
  release: Release;
}

/** The folder of a service's releases. */
export function releasesOf(stackDir: string, service: string): string {
  return join(stackDir, 'releases', service);
}

/** The release that has this label; undefined where none has. */
export async function findRelease(home: string, label: string): Promise<Deployment | undefined> {
  const folder = join(home, label);
  const manifest = await readManifest(folder).catch(noSuchFile);
  if (manifest === undefined) return undefined;
  const { service: name, source } = manifest;
  const service = await releasedService(folder, name);
  return { service, release: { service: name, label, folder, source, built: false } };
}

/** The release of the service as it is in the tree: the one that was built before, or a fresh one. */
export async function buildRelease(
  tree: Tree,
  service: Service,
  home: string,
  label?: string,
): Promise<Deployment> {
  const source = await sourceHash(tree.folder, service.name);
  const known = await readFile(knownBy(home, source), 'utf8').catch(() => '');
  const found = await findRelease(home, label ?? labelOf(service, known));
  if (found && (await manifestHash(found.release)) === known) return found;
  // Two builds of one service would be in each other's way; what was left by one that was killed goes.
  const workshop = join(home, '.building');
  return whileLocked(
    workshop,
    'a build',
    () => undefined,
    async () => {
      const unfinished = join(workshop, 'release');
      await rm(unfinished, { recursive: true, force: true });
      try {
        await mkdir(unfinished);
        const twin = await findContent(home, known);
        if (twin) await cp(twin, unfinished, { recursive: true });
        else await writeContent(tree.folder, service, unfinished);
        const release = await finish(tree, service, { home, unfinished, label });
        await write(knownBy(home, source), await manifestHash(release));
        return { service, release };
      } finally {
        await rm(unfinished, { recursive: true, force: true });
      }
    },
  );
}

/** Refuses a release whose files are not those of its manifest: before every start of an instance. */
export async function verifyRelease({ service, label, folder }: Release): Promise<void> {
  const wrong = differences(await readManifest(folder), await hashFiles(folder));
  if (wrong.length === 0) return;
  const why = `the release is not what was built: ${wrong.join(', ')}`;
  throw new StepFailure(`${service} ${label}`, why, `rm -r ${folder}`);
}

interface Place {
  home: string;
  unfinished: string;
  label: string | undefined;
}

/** The folder of an intact release with this content, whatever it is called. */
async function findContent(home: string, content: string): Promise<string | undefined> {
  if (content === '') return undefined;
  for (const label of (await readdir(home)).filter((name) => !name.startsWith('.'))) {
    const folder = join(home, label);
    const manifest = await readManifest(folder).catch(() => undefined);
    if (manifest === undefined || contentHash(manifest.files) !== content) continue;
    if (differences(manifest, await hashFiles(folder)).length === 0) return folder;
  }
  return undefined;
}

async function finish(
  tree: Tree,
  service: Service,
  { home, unfinished, label: wanted }: Place,
): Promise<Release> {
  const files = await hashFiles(unfinished);
  const label = wanted ?? labelOf(service, contentHash(files));
  const manifest: Manifest = {
    service: service.name,
    version: label,
    source: await tree.source(),
    builtAt: new Date().toISOString(),
    files,
  };
  await write(join(unfinished, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  const { source } = manifest;
  const release = { service: service.name, label, folder: join(home, label), source, built: true };
  return { ...release, built: await moveIntoPlace(unfinished, release, manifest) };
}

/** False when the label is there already with this very content; with another one it is refused. */
async function moveIntoPlace(from: string, to: Release, manifest: Manifest): Promise<boolean> {
  const existing = await readManifest(to.folder).catch(noSuchFile);
  if (existing === undefined) {
    await rename(from, to.folder).catch((error: unknown) => {
      const why = `${to.folder} is there, but is no release: it has no manifest.json`;
      throw new StepFailure(`${to.service} ${to.label}`, why, `rm -r ${to.folder}`, [], error);
    });
    return true;
  }
  await verifyRelease(to);
  const wrong = differences(manifest, existing.files);
  if (wrong.length === 0) return false;
  const { source, builtAt } = existing;
  throw new Error(`${to.label} exists with other content, built from ${source} at ${builtAt}`);
}

async function manifestHash({ folder }: Pick<Release, 'folder'>): Promise<string> {
  return contentHash((await readManifest(folder)).files);
}

function labelOf({ version }: Service, content: string): string {
  return `${version}-${content.slice(0, 8)}`;
}

/** Where it stands which content this source gives. */
function knownBy(home: string, source: string): string {
  return join(home, '.sources', source);
}

async function write(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}
