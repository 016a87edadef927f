import { lstat, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { place } from './place.ts';

const user = userInfo().username;
const asRoot = process.getuid?.() === 0;

async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mf-place-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

test('a file has its content, its mode and nothing beside it', async () => {
  const folder = join(await aFolder(), 'settings');
  const path = join(folder, 'ui.env');
  const folders = [{ path: folder, mode: 0o711, user }];
  await place({ folders, files: [{ path, content: 'A=1', mode: 0o600, user }] }, asRoot);
  expect(await readFile(path, 'utf8')).toBe('A=1');
  expect((await lstat(path)).mode & 0o777).toBe(0o600);
  expect((await lstat(folder)).mode & 0o777).toBe(0o711);
  await expect(lstat(`${path}.new`)).rejects.toThrow('ENOENT');
});

test('a link that lies where a file is written is replaced, and what it points to left alone', async () => {
  const folder = await aFolder();
  const [victim, path] = [join(folder, 'victim'), join(folder, 'haproxy.cfg')];
  await writeFile(victim, 'precious', { mode: 0o640 });
  await symlink(victim, `${path}.new`);
  await place({ folders: [], files: [{ path, content: 'mine', mode: 0o666, user }] }, asRoot);
  expect(await readFile(victim, 'utf8')).toBe('precious');
  expect((await lstat(victim)).mode & 0o777).toBe(0o640);
  expect((await lstat(path)).isFile()).toBe(true);
});

test('a folder that is a link is refused, and what it points to keeps its mode', async () => {
  const folder = await aFolder();
  const [victim, path] = [join(folder, 'victim'), join(folder, 'data')];
  await mkdir(victim, { mode: 0o700 });
  await symlink(victim, path);
  const folders = [{ path, mode: 0o777, user }];
  await expect(place({ folders, files: [] }, asRoot)).rejects.toThrow(/ENOTDIR|ELOOP/);
  expect((await lstat(victim)).mode & 0o777).toBe(0o700);
});
