/**
 * Builds a service into a release: an immutable folder that runs anywhere Node 24 is.
 *
 *   DIR/releases/SERVICE/LABEL/  main.js  main.js.map  workers/  migrate.js  migrations/  public/
 *                                package.json  manifest.json
 *
 * The same source gives the same bytes on any machine: bundles hold no times and no absolute paths.
 * The label is the service's version and the content's hash; a label that exists is never written
 * again. What was built from the same files before is found by their hash, without building.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { bundle } from './bundle.ts';
import { StepFailure } from './failure.ts';
import { contentHash, differences, hashFiles, type Manifest, readManifest } from './manifest.ts';
import type { Service } from './services.ts';
import { commitOf, sourceHash } from './source.ts';

export interface Release {
  service: string;
  /** `1.0.0-3fa2b1c0` */
  label: string;
  /** Absolute. */
  folder: string;
  /** False when it was there already. */
  built: boolean;
}

/** The release of the service as it is in the checkout now; `releases` is the stack's folder of them. */
export async function buildRelease(
  checkout: string,
  service: Service,
  releases: string,
): Promise<Release> {
  const home = join(releases, service.name);
  const source = await sourceHash(checkout, service);
  const knownBy = join(home, 'sources', source);
  const known = (await readFile(knownBy, 'utf8').catch(() => '')).trim();
  if (known !== '' && existsSync(join(home, known))) {
    return { service: service.name, label: known, folder: join(home, known), built: false };
  }
  const release = await buildFresh(checkout, service, home);
  await write(knownBy, `${release.label}\n`);
  return release;
}

/** Refuses a release whose files are not those of its manifest: before every start of an instance. */
export async function verifyRelease({ service, label, folder }: Release): Promise<void> {
  const wrong = differences(await readManifest(folder), await hashFiles(folder));
  if (wrong.length === 0) return;
  const why = `the release is not what was built: ${wrong.join(', ')}`;
  throw new StepFailure(`${service} ${label}`, why, `rm -r ${folder}`);
}

async function buildFresh(checkout: string, service: Service, home: string): Promise<Release> {
  const unfinished = join(home, '.unfinished');
  await rm(unfinished, { recursive: true, force: true });
  try {
    await writeContent(checkout, service, unfinished);
    const files = await hashFiles(unfinished);
    const label = `${service.version}-${contentHash(files).slice(0, 8)}`;
    const manifest: Manifest = {
      service: service.name,
      version: label,
      source: await commitOf(checkout, service),
      builtAt: new Date().toISOString(),
      files,
    };
    await write(join(unfinished, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    const built = await moveIntoPlace(unfinished, join(home, label), manifest);
    return { service: service.name, label, folder: join(home, label), built };
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** False when the label is there already with this very content; with another one it is refused. */
async function moveIntoPlace(from: string, to: string, manifest: Manifest): Promise<boolean> {
  const existing = await readManifest(to).catch(() => undefined);
  if (existing === undefined) {
    await rename(from, to);
    return true;
  }
  const wrong = differences(manifest, await hashFiles(to));
  if (wrong.length === 0) return false;
  throw new Error(`${manifest.version} exists with other content: ${wrong.join(', ')}`);
}

async function writeContent(checkout: string, service: Service, folder: string): Promise<void> {
  const { name, version } = service;
  const about = { name, version, private: true, type: 'module' };
  await write(join(folder, 'package.json'), `${JSON.stringify(about, null, 2)}\n`);
  await bundle(checkout, folder, {
    main: join(service.folder, 'main.ts'),
    ...Object.fromEntries(
      service.workers.map((file) => [
        `workers/${file.slice(0, -'.ts'.length)}`,
        join(service.folder, 'workers', file),
      ]),
    ),
    ...(service.hasMigrations ? { migrate: join(checkout, 'common/db/migrate-main.ts') } : {}),
  });
  if (service.hasMigrations) {
    for (const file of await readdir(join(service.folder, 'migrations'))) {
      const sql = await readFile(join(service.folder, 'migrations', file), 'utf8');
      await write(join(folder, 'migrations', file), sql);
    }
  }
  if (service.hasPage) await buildPage(checkout, service, join(folder, 'public'));
}

async function buildPage(checkout: string, service: Service, folder: string): Promise<void> {
  const vite = join(checkout, 'node_modules/vite/bin/vite.js');
  const output = ['--outDir', folder, '--emptyOutDir', '--logLevel', 'warn'];
  // Node reads the configuration itself: Vite would write into node_modules, which may not be ours.
  const command = [vite, 'build', service.folder, ...output, '--configLoader', 'native'];
  await execa(process.execPath, command, { cwd: checkout, all: true });
}

async function write(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}
