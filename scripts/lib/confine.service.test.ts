import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const confine = join(import.meta.dirname, 'confine.sh');
const isRoot = process.getuid?.() === 0;
const userId = 65_534;

/** A closed folder (as /root is), with a checkout in it, with a stack in that. */
let closed: string;
let stack: string;

beforeAll(async () => {
  closed = await mkdtemp(join(tmpdir(), 'confine-'));
  stack = join(closed, 'check out/.stack/dé mo');
  for (const folder of ['settings', 'releases/a/1', 'data', 'supervisor']) {
    await mkdir(join(stack, folder), { recursive: true });
  }
  await writeFile(join(closed, 'neighbour'), '');
  await chmod(closed, 0o700);
  await giveToNobody(join(stack, 'data'));
  for (const file of ['settings/a.env', 'settings/b.env', 'releases/a/1/main.js']) {
    await writeFile(join(stack, file), `this is ${file}`);
    await giveToNobody(join(stack, file)); // b's too: its mode is not what protects it here
  }
});
afterAll(() => rm(closed, { recursive: true }));

async function giveToNobody(path: string) {
  if (isRoot) await chown(path, userId, userId);
}

function confined(...command: string[]): [string, string[]] {
  const hide = ['--hide', join(closed, 'check out'), '--hide', stack];
  const show = ['--show', join(stack, 'releases/a/1'), '--show', join(stack, 'settings/a.env')];
  const write = ['--show-writable', join(stack, 'data')];
  return ['bash', [confine, '--user', 'nobody', ...hide, ...show, ...write, '--', ...command]];
}

const run = (script: string) =>
  execa(...confined('bash', '-c', script), { cwd: stack, reject: false });

describe.skipIf(!isRoot)(
  'as root (skipped for anybody else: it takes root to hide something)',
  () => {
    test('a program sees what it is shown, at its own place, and nothing else of the stack', async () => {
      const { stdout } = await run(
        `find '${closed}' -type f | sort; cat '${stack}/settings/a.env'`,
      );
      const shown = ['releases/a/1/main.js', 'settings/a.env'].map((file) => join(stack, file));
      expect(stdout).toBe([...shown, 'this is settings/a.env'].join('\n'));
    });

    test('where nothing above is closed, nothing above is hidden', async () => {
      await chmod(closed, 0o755);
      const { stdout } = await run(`find '${closed}' -type f | sort`);
      await chmod(closed, 0o700);
      const seen = [
        'check out/.stack/dé mo/releases/a/1/main.js',
        'check out/.stack/dé mo/settings/a.env',
        'neighbour',
      ];
      expect(stdout).toBe(seen.map((file) => join(closed, file)).join('\n'));
    });

    test('the folder it was started in is no way round', async () => {
      expect(
        (await run('pwd; cat settings/b.env || cat /proc/self/cwd/settings/b.env')).stdout,
      ).toBe('/');
    });

    test('it writes where it may, and nowhere else', async () => {
      expect((await run(`echo kept > '${stack}/data/file'`)).exitCode).toBe(0);
      for (const place of ['releases/a/1/main.js', 'settings/a.env', 'settings/new', 'new']) {
        expect((await run(`echo x > '${stack}/${place}'`)).exitCode).not.toBe(0);
      }
    });

    test('it is an ordinary user without further groups, for good', async () => {
      const [shell, words] = confined(
        'bash',
        '-c',
        'id -un; id -G; grep NoNewPrivs /proc/self/status; umount / 2>/dev/null || echo kept',
      );
      const { stdout } = await execa('setpriv', ['--groups=4', shell, ...words]);
      expect(stdout).toBe(`nobody\n${userId}\nNoNewPrivs:\t1\nkept`);
    });

    test('its signals reach it, as its pid is the one that was started', async () => {
      const program = `process.on('SIGTERM', () => { console.log('drained'); process.exit(7); });
        setInterval(() => {}, 60_000); console.log(process.pid);`;
      const child = spawn(...confined(process.execPath, '--eval', program));
      const output = text(child.stdout);
      await once(child.stdout, 'readable');
      child.kill('SIGTERM');
      expect(await once(child, 'exit')).toEqual([7, null]);
      expect(await output).toBe(`${child.pid}\ndrained\n`);
    });

    test('nothing is left behind outside', async () => {
      const { stdout } = await execa('findmnt', [
        '--list',
        '--noheadings',
        '--output',
        'SOURCE,TARGET',
      ]);
      expect(stdout).not.toMatch(/confine/);
      expect((await execa('ls', ['/run'])).stdout).not.toMatch(/microflack-confine/);
    });
  },
);

describe.skipIf(isRoot)('as anybody else', () => {
  test('a program runs as you', async () => {
    expect((await run('id -u')).stdout).toBe(String(process.getuid?.()));
  });
});

test('wrong options are refused before anything is started', async () => {
  const { exitCode, stderr } = await execa('bash', [confine, '--usr', 'nobody', '--', 'id'], {
    reject: false,
  });
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/unknown option '--usr'/);
});
