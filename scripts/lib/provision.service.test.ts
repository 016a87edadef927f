import { chmod, cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';

const provision = join(import.meta.dirname, '../../provision');
const isRoot = process.getuid?.() === 0;
/** It takes 0.1 s; on a machine that does much else at once, more. */
const patienceMs = 5000;

/** A machine that lacks Consul: a copy of provision/, and a PATH without `consul` and `sudo`. */
let folder: string;
let poorer: { cwd: string; env: { PATH: string }; reject: false };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provision-'));
  await chmod(folder, 0o755);
  await cp(provision, join(folder, 'provision'), { recursive: true });
  await mkdir(join(folder, 'services'));
  await mkdir(join(folder, 'bin'));
  const programs = (await readdir('/usr/bin')).filter((name) => !/^(consul|sudo)$/.test(name));
  const links = programs.map((name) => symlink(join('/usr/bin', name), join(folder, 'bin', name)));
  await Promise.all(links);
  poorer = { cwd: folder, env: { PATH: join(folder, 'bin') }, reject: false };
});
afterAll(() => rm(folder, { recursive: true }));

test('where all is there each step says so in a line, and nothing takes time', async () => {
  const started = performance.now();
  const { stdout } = await execa('bash', [join(provision, 'all.sh')]);
  expect(performance.now() - started).toBeLessThan(patienceMs);
  expect(stdout.split('\n').map((line) => line.replace(/^→ (\w+) · .*/, '$1'))).toEqual([
    'packages',
    'consul',
    'users',
    'node',
  ]);
  expect(stdout).not.toMatch(/installed|would/);
});

test('without root, one line names what is missing and the next what root has to run', async () => {
  const asNobody = ['setpriv', '--reuid=65534', '--clear-groups', 'bash', 'provision/all.sh'];
  const [program = '', ...args] = isRoot ? asNobody : asNobody.slice(3);
  const { exitCode, stdout, stderr } = await execa(program, args, poorer);
  expect(stdout).toBe('');
  expect(stderr).toMatch(
    /^✗ provision · missing: consul\n {2}next: as root: bash \/.*\/provision\/all\.sh$/,
  );
  expect(exitCode).toBe(1);
});

test('a dry run says what would be installed, and installs nothing', async () => {
  for (let run = 0; run < 2; run += 1) {
    const { exitCode, stdout } = await execa('bash', ['provision/consul.sh', '--dry-run'], poorer);
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: '→ consul · would install consul',
    });
  }
});

test('a check prints what is missing and nothing else', async () => {
  const { exitCode, stdout, stderr } = await execa(
    'bash',
    ['provision/consul.sh', '--check'],
    poorer,
  );
  expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 1, stdout: 'consul', stderr: '' });
});

test('an unknown option is refused with the ones there are', async () => {
  const { exitCode, stderr } = await execa('bash', ['provision/all.sh', '--al'], poorer);
  expect(exitCode).toBe(2);
  expect(stderr).toBe('usage: all.sh [--check | --dry-run] [--tests] (got --al)');
});
