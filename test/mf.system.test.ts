import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, chmod, chown, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { findStack, type Stack } from '../scripts/lib/stack.ts';
import { makeCheckout } from './setup/checkout.ts';
import { checkout, mf, tryMf } from './setup/mf.ts';

const nobody = 65_534;
const whole = process.env.MF_TEST_STACK ?? 'default';

const overview = z.object({
  url: z.string(),
  healthy: z.boolean(),
  programs: z.array(
    z.object({
      name: z.string(),
      service: z.string(),
      version: z.string(),
      address: z.string().optional(),
      health: z.string(),
      since: z.string().optional(),
      pid: z.number().optional(),
    }),
  ),
});

let stacks = 0;

/** A name for a small stack that is forgotten after the test. */
function aStack(): string {
  stacks += 1;
  const name = `test-mf-${process.pid}-${stacks}`;
  onTestFinished(async () => {
    await mf('down', '--stack', name, '--purge');
  });
  return name;
}

/** Two parts, up within two seconds: enough to see what `mf` does with programs. */
function smallUp(name: string): string[] {
  return ['up', '--stack', name, '--only', 'consul,redis'];
}

function upSmall(name: string): Promise<string> {
  return mf(...smallUp(name));
}

/** An environment in which Redis is of another version, and does not start. */
async function aBrokenRedis(): Promise<{ PATH: string }> {
  const programs = await mkdtemp(join(tmpdir(), 'mf-broken-'));
  onTestFinished(() => rm(programs, { recursive: true }));
  const script =
    '#!/bin/sh\n[ "$1" = --version ] && echo v=7.0.0 && exit\necho out of luck\nexit 3\n';
  await writeFile(join(programs, 'redis-server'), script, { mode: 0o755 });
  await chmod(programs, 0o755);
  return { PATH: `${programs}:${process.env.PATH}` };
}

async function statusOf(name: string) {
  const { out } = await tryMf(['status', '--stack', name, '--json']);
  return overview.parse(JSON.parse(out));
}

async function stackOf(name: string): Promise<Stack> {
  const stack = await findStack(name);
  if (!stack) throw new Error(`no stack ${name}`);
  return stack;
}

function isGone(pid: number | undefined): boolean {
  try {
    process.kill(pid ?? 0, 0);
    return false;
  } catch {
    return true;
  }
}

/** Something that listens on a port of the system's choice until the test ends. */
async function aListener(port = 0): Promise<number> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

describe('the whole stack', () => {
  test('a second `mf up` changes nothing, and says so', async () => {
    const before = await statusOf(whole);
    expect(await mf('up', '--stack', whole)).toContain('nothing was changed');
    expect((await statusOf(whole)).programs.map(({ pid }) => pid)).toEqual(
      before.programs.map(({ pid }) => pid),
    );
  });

  test('`mf status` shows every program with its version, address, health and since when', async () => {
    // What an earlier test has done to the stack may still be healing.
    const { programs } = await vi.waitFor(async () => {
      const seen = await statusOf(whole);
      expect(seen.programs.filter(({ health }) => health !== 'healthy')).toEqual([]);
      expect(seen.healthy).toBe(true);
      return seen;
    }, 30_000);
    expect(programs.map(({ service }) => service)).toEqual([
      ...['consul', 'haproxy', 'mariadb', 'redis'],
      ...['lb', 'messages', 'socketio', 'tokens', 'ui', 'users'],
    ]);
    for (const program of programs) {
      expect(program).toMatchObject({
        version: expect.stringMatching(/^\d+\.\d+\.\d+/),
        address: expect.stringMatching(/:\d+$/),
        health: 'healthy',
        since: expect.stringMatching(/^\d{4}-/),
      });
    }
    const table = await mf('status', '--stack', whole);
    expect(table).toMatch(/^PROGRAM +VERSION +ADDRESS +HEALTH +SINCE$/m);
  });

  test('`mf url` prints the URL and nothing else', async () => {
    const url = await mf('url', '--stack', whole);
    expect(url).toMatch(/^http:\/\/localhost:\d+$/);
    expect((await fetch(url)).status).toBe(200);
  });

  test('every program runs as a user of its own, where root started it', async ({ skip }) => {
    if (process.getuid?.() !== 0) skip('needs root');
    const { programs } = await statusOf(whole);
    for (const { pid, service } of programs) {
      const { stdout } = await execa('ps', ['-o', 'user:32=', '-p', String(pid)]);
      expect(stdout.trim()).toBe(service === 'haproxy' ? 'mf-lb' : `mf-${service}`);
    }
  });

  test("no secret stands in an argument list or in supervisor's configuration", async () => {
    const { secrets, dir } = await stackOf(whole);
    const values = JSON.stringify(secrets).match(/"[^"]{20,}"/g) ?? [];
    expect(values.length).toBeGreaterThan(20);
    const { stdout: commands } = await execa('ps', ['-e', '-ww', '-o', 'args=']);
    const folder = join(dir, 'supervisor/programs');
    const files = (await readdir(folder)).map((file) => readFile(join(folder, file), 'utf8'));
    const seen = [commands, ...(await Promise.all(files))].join('\n');
    for (const value of values) expect(seen).not.toContain(value.slice(1, -1));
  });
});

describe('small stacks', () => {
  test('two run side by side, on ports of their own', async () => {
    const [one, other] = [aStack(), aStack()];
    await Promise.all([upSmall(one), upSmall(other)]);
    const [first, second] = await Promise.all([statusOf(one), statusOf(other)]);
    expect([first.healthy, second.healthy]).toEqual([true, true]);
    const addresses = [...first.programs, ...second.programs].map(({ address }) => address);
    expect(new Set(addresses).size).toBe(4);
    expect(first.url).not.toBe(second.url);
  });

  test('two commands at once do not fight over one stack', async () => {
    const name = aStack();
    const said = await Promise.all([upSmall(name), upSmall(name)]);
    expect(said.filter((text) => text.includes('nothing was changed'))).toHaveLength(1);
    expect(said.join()).toMatch(/waiting for mf up \(pid \d+\)/);
  });

  test('`mf down` keeps the data, and `mf down --purge` forgets it', async () => {
    const name = aStack();
    await upSmall(name);
    const { secrets, dir } = await stackOf(name);
    const headers = { 'x-consul-token': secrets.consulManagement };
    const key = async () =>
      `http://127.0.0.1:${(await stackOf(name)).ports.consulHttp}/v1/kv/kept?raw`;
    await fetch(await key(), { method: 'PUT', body: 'yes', headers });
    await mf('down', '--stack', name);
    expect((await tryMf(['status', '--stack', name])).code).toBe(1);
    await upSmall(name);
    expect(await (await fetch(await key(), { headers })).text()).toBe('yes');
    await mf('down', '--stack', name, '--purge');
    await expect(access(dir)).rejects.toThrow('ENOENT');
  });

  test('`mf down` is fine where nothing runs', async () => {
    const name = aStack();
    expect((await tryMf(['down', '--stack', name])).code).toBe(0);
    expect((await tryMf(['down', '--stack', name, '--purge'])).code).toBe(0);
  });

  test('a taken port is named with its holder before anything is started', async () => {
    const name = aStack();
    const port = await aListener();
    const { code, err } = await tryMf(['up', '--stack', name, '--port', String(port)]);
    expect(code).toBe(1);
    expect(err).toContain(`port ${port} is taken by`);
    expect(err).toContain(`(pid ${process.pid}, on 127.0.0.1:${port})`);
    expect(err).toMatch(/next: mf up .*--port \d+/);
    expect(await findStack(name)).toBeUndefined();
  });

  test('an inner port that was taken meanwhile is chosen anew', async () => {
    const name = aStack();
    await upSmall(name);
    await mf('down', '--stack', name);
    const { ports } = await stackOf(name);
    await aListener(ports.redis);
    await upSmall(name);
    const after = (await stackOf(name)).ports;
    expect(after.redis).not.toBe(ports.redis);
    expect(after.consulHttp).toBe(ports.consulHttp);
  });

  test('a program that is killed comes back by itself', async () => {
    const name = aStack();
    await upSmall(name);
    const redis = async () => (await statusOf(name)).programs.find((one) => one.name === 'redis');
    const killed = (await redis())?.pid ?? 0;
    process.kill(killed, 'SIGKILL');
    await vi.waitFor(
      async () => {
        const now = await redis();
        expect(now?.health).toBe('healthy');
        expect(now?.pid).not.toBe(killed);
      },
      { timeout: 10_000 },
    );
  });

  test('when supervisord itself was killed, `mf up` puts everything in order again', async () => {
    const name = aStack();
    await upSmall(name);
    const { dir } = await stackOf(name);
    const orphans = (await statusOf(name)).programs.map(({ pid }) => pid);
    process.kill(
      Number(await readFile(join(dir, 'supervisor/supervisord.pid'), 'utf8')),
      'SIGKILL',
    );
    await upSmall(name);
    expect((await statusOf(name)).healthy).toBe(true);
    for (const pid of orphans) expect(isGone(pid)).toBe(true);
  });
});

test('where the code has changed, the new release serves before the old one stops', async () => {
  const copy = await makeCheckout();
  onTestFinished(copy.forget);
  const up = () => copy.mf('up', '--only', 'consul,ui');
  expect(await up()).toMatch(/ui 1\.0\.0-[0-9a-f]{8} · serving after/);
  const about = join(copy.folder, 'services/ui/package.json');
  await writeFile(about, (await readFile(about, 'utf8')).replace('"1.0.0"', '"1.0.1"'));
  const second = await up();
  expect(second).toMatch(
    /ui 1\.0\.1-[0-9a-f]{8} · serving after[\s\S]+ui-1 · drained and stopped after/,
  );
  expect(second).toMatch(/^ui-2 +1\.0\.1-[0-9a-f]{8} /m);
  expect(second).not.toMatch(/^ui-1 +/m);
}, 120_000);

test('an ordinary user without sudo runs it where the parts are installed', async ({ skip }) => {
  if (process.getuid?.() !== 0) skip('every other test shows it: we are an ordinary user');
  const folder = await mkdtemp(join(tmpdir(), 'mf-nobody-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await chown(folder, nobody, nobody);
  const asNobody = async (...args: string[]) =>
    tryMf(args, { uid: nobody, gid: nobody, env: { MF_STATE_DIR: folder, HOME: folder } });
  if ((await execa('ls', [checkout], { uid: nobody, gid: nobody, reject: false })).exitCode !== 0) {
    skip('nobody but root can read the checkout');
  }
  const { code, out, err } = await asNobody('up', '--stack', 'own', '--only', 'consul,redis');
  const { stdout: owners } = await execa('ps', ['-e', '-ww', '-o', 'uid=,args=']);
  await asNobody('down', '--stack', 'own', '--purge');
  expect(err).toBe('');
  expect(code).toBe(0);
  expect(out).toMatch(/^redis .* healthy /m);
  const lines = owners.split('\n').filter((line) => line.includes(`${folder}/own/`));
  expect(lines.length).toBeGreaterThan(2);
  expect(lines.filter((line) => Number.parseInt(line, 10) !== nobody)).toEqual([]);
});

describe('a failing step', () => {
  test("is told with the part's own last words, and leaves nothing half started", async () => {
    const name = aStack();
    const { code, err } = await tryMf(smallUp(name), { env: await aBrokenRedis() });
    expect(code).toBe(1);
    expect(err).toContain('✗ redis · ended (exit status 3)');
    expect(err).toContain('    out of luck');
    expect(err).toContain(`next: mf logs redis --stack ${name}`);
    await expectNothingRuns(name);
  });

  test('leaves a stack that ran before as it was', async () => {
    const name = aStack();
    await upSmall(name);
    const programs = async () =>
      (await statusOf(name)).programs.map(({ name, version, health }) => [name, version, health]);
    const before = await programs();
    const { code } = await tryMf(smallUp(name), { env: await aBrokenRedis() });
    expect(code).toBe(1);
    await vi.waitFor(async () => expect(await programs()).toEqual(before), 10_000);
  });

  test('so does Ctrl-C', async () => {
    const name = aStack();
    const up = spawn(join(checkout, 'scripts/mf'), smallUp(name), {
      stdio: 'ignore',
      detached: true,
    });
    const ended = once(up, 'exit');
    await vi.waitFor(async () => expect(await isUp(name)).toBe(true), { timeout: 20_000 });
    interrupt(up);
    expect((await ended)[0]).toBe(1);
    await expectNothingRuns(name);
  });
});

/** To the whole group, as a terminal does. */
function interrupt({ pid }: ChildProcess): void {
  if (pid !== undefined) process.kill(-pid, 'SIGINT');
}

async function isUp(name: string): Promise<boolean> {
  const stack = await findStack(name);
  if (stack === undefined) return false;
  return access(join(stack.dir, 'supervisor/supervisor.sock')).then(
    () => true,
    () => false,
  );
}

async function expectNothingRuns(name: string): Promise<void> {
  const { dir } = await stackOf(name);
  const { stdout } = await execa('ps', ['-e', '-ww', '-o', 'args=']);
  expect(stdout.split('\n').filter((line) => line.includes(`${dir}/`))).toEqual([]);
}

describe('a wrong command', () => {
  test.each([
    [['frobnicate'], "mf: there is no verb 'frobnicate' · next: mf help"],
    [['up', '--prot', '80'], "mf: up: Unknown option '--prot' · next: mf up --help"],
    [
      ['up', '--port', 'x'],
      "mf: up: --port is a number from 1 to 65535, not 'x' · next: mf up --help",
    ],
    [['up', '--only', 'redis,reddis'], 'mf: there is no part or service reddis'],
    [['status', '--stack', 'nobody'], 'mf: there is no stack nobody'],
    [['url', '--stack', 'No!'], "mf: 'No!' is no name for a stack"],
  ])('%j is told in one line, with exit code 2', async (args, line) => {
    const { code, err, out } = await tryMf(args);
    expect(code).toBe(2);
    expect(err).toContain(line);
    expect(err).toContain(' · next: mf ');
    expect(err.split('\n')).toHaveLength(1);
    expect(out).toBe('');
  });
});
