/**
 * What the programs of a stack can see and do on the machine, where root started it: their users, files and ports. Each is
 * asked from within: in its own mount namespace, as its own user. secrets.system.test.ts looks for what must be nowhere.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Stack } from '../scripts/lib/stack.ts';
import { superviseStack } from '../scripts/lib/supervisor.ts';
import { filesBelow, wholeStack } from './setup/whole.ts';

interface Running {
  /** Without its number: `messages`. */
  name: string;
  pid: number;
}

/** Those that are not ours have no settings file. */
const parts = ['consul', 'mariadb', 'redis', 'haproxy'];
const isRoot = process.getuid?.() === 0;

let stack: Stack;
let running: Running[];

beforeAll(async () => {
  stack = await wholeStack();
  const states = await superviseStack(stack).status();
  running = states.map(({ name, pid = 0 }) => ({ name: name.replace(/-\d+$/, ''), pid }));
});

/** The program and all that it has started: HAProxy's worker. */
async function family({ pid }: Running): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  const pids = children.split(' ').filter(Boolean).map(Number);
  return [pid, ...pids];
}

/** Runs a script as the program could, if it could run scripts; what it prints. */
async function within({ pid }: Running, script: string, ...args: string[]): Promise<string> {
  const uid = String((await stat(`/proc/${pid}`)).uid);
  const as = ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--no-new-privs'];
  const { stdout } = await execa(
    'nsenter',
    ['--target', String(pid), '--mount', '--', ...as, '--', 'sh', '-c', script, 'sh', ...args],
    { cwd: '/', reject: false },
  );
  return stdout;
}

/** Prints those of its arguments that can be opened: modes alone do not tell, in /proc or below a closed folder. */
const readable = `for path; do
  if (exec <"$path") || [ -S "$path" -a -w "$path" ]; then echo "$path"; fi
done 2>/dev/null`;

describe.skipIf(!isRoot)('on a stack that root started (skipped for anybody else)', () => {
  test('every program is an ordinary user without capabilities or a way to get any', async () => {
    expect(running).toHaveLength(10);
    const users = new Map<string, string>();
    for (const program of running) {
      for (const pid of await family(program)) {
        const status = await readFile(`/proc/${pid}/status`, 'utf8');
        const field = (name: string) =>
          new RegExp(`^${name}:[ \\t]*(.*?) *$`, 'm').exec(status)?.[1];
        const ids = new Set(field('Uid')?.split('\t'));
        expect(ids.size).toBe(1);
        expect(ids).not.toContain('0');
        expect(new Set(field('Gid')?.split('\t'))).not.toContain('0');
        expect(field('Groups')).toBe('');
        expect(field('NoNewPrivs')).toBe('1');
        for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) {
          expect(field(set)).toMatch(/^0+$/);
        }
        users.set(program.name, [...ids].join());
      }
    }
    // lb writes HAProxy's configuration and is its user; all others have one of their own.
    expect(users.get('haproxy')).toBe(users.get('lb'));
    expect(new Set(users.values()).size).toBe(users.size - 1);
  });

  test('the services run under the permission model of Node, and only lb may write or start something', async () => {
    const services = running.filter(({ name }) => !parts.includes(name));
    for (const { name, pid } of services) {
      const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
      expect(words).toContain('--permission');
      const more = words.filter((word) =>
        /^--allow-(fs-write|child-process|addons|wasi)/.test(word),
      );
      expect(more.length > 0).toBe(name === 'lb');
    }
  });

  test("a program reads its own settings, and nobody else's files", async () => {
    const sensitive = [
      ...(await filesBelow(join(stack.dir, 'settings'))),
      ...['secrets.json', 'consul/consul.json', 'consul/data/raft/raft.db'].map(inStack),
      ...['redis/redis.conf', 'redis/users.acl', 'redis/data', 'mariadb/my.cnf'].map(inStack),
      ...['mariadb/first.sql', 'mariadb/data', 'haproxy/haproxy.cfg'].map(inStack),
      ...['haproxy/runtime.sock', 'haproxy/master.sock'].map(inStack),
      ...['supervisor/supervisor.sock', 'supervisor/supervisord.conf', 'log/users-1.log'].map(
        inStack,
      ),
      ...['package.json', 'scripts/mf', '.git/config'].map((name) => join(stack.checkout, name)),
    ];
    for (const file of sensitive) await stat(file); // none of the names is wrong
    for (const program of running) {
      const seen = (await within(program, readable, ...sensitive)).split('\n').filter(Boolean);
      expect({ [program.name]: seen.filter((file) => !isOwn(program, file)) }).toEqual({
        [program.name]: [],
      });
      if (!parts.includes(program.name)) {
        expect(seen).toContain(inStack(`settings/${program.name}.env`));
      }
    }
  });

  test('a program sees neither the memory, the files nor the environment of another one', async () => {
    const others = (pid: number) => running.filter((other) => other.pid !== pid);
    for (const program of running.filter(({ name }) => name !== 'lb' && name !== 'haproxy')) {
      const files = others(program.pid).flatMap(({ pid }) =>
        ['environ', 'maps', 'root', 'fd'].map((name) => `/proc/${pid}/${name}`),
      );
      expect(await within(program, readable, ...files)).toBe('');
    }
  });

  test('of the stack and the checkout a program can write to its own data, and to nothing else', async () => {
    const script = 'find "$@" -type d -writable 2>/dev/null';
    for (const program of running) {
      const found = (await within(program, script, stack.dir, stack.checkout)).split('\n');
      const others = found.filter((folder) => folder && !isOwn(program, folder));
      expect({ [program.name]: others }).toEqual({ [program.name]: [] });
    }
  });

  test('only the public port listens beyond loopback', async () => {
    const pids = new Set((await Promise.all(running.map(family))).flat());
    const { stdout } = await execa('ss', ['-Hltunp']);
    const own = stdout.split('\n').filter((line) => {
      return [...line.matchAll(/pid=(\d+)/g)].some(([, pid]) => pids.has(Number(pid)));
    });
    expect(own.length).toBeGreaterThan(12);
    const local = own.map((line) => line.split(/\s+/)[4] ?? '');
    const beyond = local.filter((address) => !/^(127\.0\.0\.1|\[::1\]):/.test(address));
    expect(beyond.length).toBeGreaterThan(0);
    for (const address of beyond) expect(address).toMatch(new RegExp(`:${stack.ports.public}$`));
  });
});

const inStack = (name: string): string => join(stack.dir, name);

/** What a program was given: its settings, and the folder that is named after it. */
function isOwn({ name }: Running, path: string): boolean {
  if (path === inStack(`settings/${name}.env`)) return true;
  return path.startsWith(inStack(name === 'lb' ? 'haproxy' : name));
}
