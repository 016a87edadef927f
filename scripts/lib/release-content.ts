/**
 * What is in a release: bundles, migrations, the page. release.ts puts it in its place.
 *
 * The same source gives the same bytes on any machine: nothing here holds a time or an absolute path.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { bundle } from './bundle.ts';
import { packageOf, type Service } from './services.ts';

export async function writeContent(
  checkout: string,
  service: Service,
  folder: string,
): Promise<void> {
  const source = join(checkout, 'services', service.name);
  await write(join(folder, 'package.json'), `${JSON.stringify(packageOf(service), null, 2)}\n`);
  await bundle(checkout, folder, {
    main: join(source, 'main.ts'),
    ...Object.fromEntries(
      service.workers.map((name) => [`workers/${name}`, join(source, 'workers', `${name}.ts`)]),
    ),
    ...(service.hasMigrations ? { migrate: join(checkout, 'common/db/migrate-main.ts') } : {}),
  });
  if (service.hasMigrations) {
    for (const file of await readdir(join(source, 'migrations'))) {
      const sql = await readFile(join(source, 'migrations', file), 'utf8');
      await write(join(folder, 'migrations', file), sql);
    }
  }
  if (service.hasPage) await buildPage(checkout, source, join(folder, 'public'));
}

async function buildPage(checkout: string, source: string, folder: string): Promise<void> {
  const vite = join(checkout, 'node_modules/vite/bin/vite.js');
  const output = ['--outDir', folder, '--emptyOutDir', '--logLevel', 'warn'];
  // Node reads the configuration itself: Vite would write into node_modules, which may not be ours.
  const command = [vite, 'build', source, ...output, '--configLoader', 'native'];
  await execa(process.execPath, command, { cwd: checkout, all: true });
}

async function write(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}
