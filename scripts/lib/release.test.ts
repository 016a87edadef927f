import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readManifest } from '../../common/release-manifest.ts';
import { buildRelease, verifyRelease } from './release.ts';
import type { Service } from './services.ts';
import { checkoutTree } from './source.ts';

const source = {
  'package-lock.json': '{}',
  'common/greeting.ts': "export const greeting: string = 'größe';\n",
  'common/db/migrate-main.ts': "console.log('migrated');\n",
  'services/hello/main.ts':
    "import { greeting } from '../../common/greeting.ts';\nconsole.log(greeting);\n",
  'services/hello/main.test.ts': "throw new Error('a test is no part of a release');\n",
  'services/hello/workers/hash.ts': "console.log('hashed');\n",
  'services/hello/migrations/001-greetings.sql': 'CREATE TABLE greetings (id INT PRIMARY KEY);\n',
};

/** A checkout with one small service, in a folder of its own. */
async function build(files: Record<string, string> = source, releases = 'releases') {
  const checkout = await mkdtemp(join(tmpdir(), 'mf-release-'));
  onTestFinished(() => rm(checkout, { recursive: true }));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(checkout, path)), { recursive: true });
    await writeFile(join(checkout, path), content);
  }
  const hello: Service = {
    name: 'hello',
    version: '1.2.3',
    workers: ['hash'],
    hasMigrations: true,
    hasPage: false,
    up: true,
    single: false,
    needs: [],
  };
  const home = join(checkout, releases, 'hello');
  const release = async (label?: string) =>
    (await buildRelease(checkoutTree(checkout, 'hello'), hello, home, label)).release;
  return { checkout, release };
}

test('a release holds the bundle, its workers, its migrations, and the hash of each file', async () => {
  const { release } = await build();
  const { folder, label } = await release();
  const manifest = await readManifest(folder);
  expect(Object.keys(manifest.files)).toEqual([
    'main.js',
    'main.js.map',
    'migrate.js',
    'migrate.js.map',
    'migrations/001-greetings.sql',
    'package.json',
    'workers/hash.js',
    'workers/hash.js.map',
  ]);
  expect(manifest).toMatchObject({ service: 'hello', version: label, source: 'UNCOMMITTED_COPY' });
  expect(label).toMatch(/^1\.2\.3-[0-9a-f]{8}$/);
});

test('the same source gives the same release in whatever folder, and no path of it is inside', async () => {
  const [here, there] = [await build(), await build(source, 'a/deeper/folder')];
  const [one, other] = [await here.release(), await there.release()];
  expect(one.label).toBe(other.label);
  const map = await readFile(join(one.folder, 'main.js.map'), 'utf8');
  expect(map).not.toContain(here.checkout);
});

test('another source is another release', async () => {
  const changed = { ...source, 'common/greeting.ts': "export const greeting = 'hallo';\n" };
  const [one, other] = [await build(), await build(changed)];
  expect((await one.release()).label).not.toBe((await other.release()).label);
});

test('what was built before is found without building', async () => {
  const { release } = await build();
  const first = await release();
  expect(first.built).toBe(true);
  expect(await release()).toEqual({ ...first, built: false });
});

test('a change that leaves no trace in the bundle finds the release that is there', async () => {
  const { release, checkout } = await build();
  const first = await release();
  await appendFile(join(checkout, 'common/greeting.ts'), '// a comment at the end\n');
  expect(await release()).toEqual({ ...first, built: false });
});

test('a release that somebody edited is refused', async () => {
  const { release } = await build();
  const built = await release();
  await verifyRelease(built);
  await appendFile(join(built.folder, 'main.js'), 'process.exit(1);\n');
  await expect(verifyRelease(built)).rejects.toThrow('main.js was changed');
});

test('a label that exists with other content is not written again, and with the same it is found', async () => {
  const { release, checkout } = await build();
  const { folder } = await release('v2');
  expect(await release('v2')).toMatchObject({ label: 'v2', built: false });
  const before = await readManifest(folder);
  await writeFile(join(checkout, 'services/hello/main.ts'), "console.log('other');\n");
  await expect(release('v2')).rejects.toThrow('v2 exists with other content');
  expect(await readManifest(folder)).toEqual(before);
});

test('two labels may have the same content', async () => {
  const { release } = await build();
  const [one, other] = [await release('v1'), await release('v2')];
  expect([one.built, other.built]).toEqual([true, true]);
  expect((await readManifest(one.folder)).files).toEqual((await readManifest(other.folder)).files);
});

test('a release that was edited is not taken for what it was', async () => {
  const { release, checkout } = await build();
  const { folder } = await release();
  await appendFile(join(folder, 'main.js'), 'process.exit(1);\n');
  await rm(join(checkout, 'releases/hello/.sources'), { recursive: true });
  await expect(release()).rejects.toThrow('not what was built: main.js was changed');
});

test('a source that cannot be built leaves nothing behind', async () => {
  const { release, checkout } = await build({ ...source, 'services/hello/main.ts': 'import {' });
  await expect(release()).rejects.toThrow('services/hello/main.ts');
  expect(await readdir(join(checkout, 'releases/hello'))).toEqual(['.building']);
  expect(await readdir(join(checkout, 'releases/hello/.building'))).toEqual(['lock']);
});
