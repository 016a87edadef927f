/** Where the secrets of a stack and of its people are, and where they are not. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, expect, test } from 'vitest';
import type { Stack } from '../scripts/lib/stack.ts';
import { call } from './client/http.ts';
import { aPerson, freshName, mark, password, post } from './client/person.ts';
import { filesBelow, wholeStack } from './setup/whole.ts';

let stack: Stack;
let secrets: string[];

beforeAll(async () => {
  stack = await wholeStack();
  secrets = secretsOf(stack.secrets);
});

/** Every text in it, at whatever depth. */
function secretsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value ? Object.values(value).flatMap(secretsOf) : [];
}

const inStack = (name: string): string => join(stack.dir, name);

const found = (text: string): string[] => secrets.filter((secret) => text.includes(secret));

test('no secret is in an argument list or an environment on this machine', async () => {
  expect(secrets.length).toBeGreaterThan(20);
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    for (const name of ['cmdline', 'environ']) {
      // It may have ended meanwhile.
      const text = await readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
      expect(found(text), `${name} of ${text.split('\0')[0]}`).toEqual([]);
    }
  }
});

test('whatever holds a secret is closed to all but one user', async () => {
  // Data folders hold what they hold: nobody else gets in.
  const data = ['consul/data', 'mariadb/data', 'redis/data', 'supervisor', 'haproxy'];
  for (const folder of data) expect((await stat(inStack(folder))).mode & 0o077).toBe(0);
  const files = (await filesBelow(stack.dir)).filter((file) => {
    return !data.some((folder) => file.startsWith(inStack(`${folder}/`)));
  });
  // Through its standard input: what stands in arguments, everybody can read.
  const options = { input: secrets.join('\n'), reject: false };
  const { stdout } = await execa('grep', ['-lF', '--file=-', '--', ...files], options);
  const holding = stdout.split('\n').filter(Boolean);
  expect(holding.length).toBeGreaterThan(8);
  for (const file of holding) {
    expect({ file, mode: (await stat(file)).mode & 0o777 }).toEqual({ file, mode: 0o600 });
  }
});

test('no log holds a secret, a password, a token or a message', async () => {
  const [person, word, wrong] = [await aPerson(), mark(), `wrong-${mark()}`];
  await post(person.token, `${word} is private`);
  await call('POST', '/api/tokens', { basic: [person.nickname, wrong] });
  await call('POST', '/api/users', {
    json: { nickname: freshName(), password: wrong, more: wrong },
  });
  await call('POST', '/api/users', { text: `{"password": "${wrong}"` });
  await call('GET', `/api/users/${wrong}?token=${person.token}`, { bearer: `${person.token}x` });
  await call('POST', '/api/messages', { bearer: wrong, json: { source: word } });

  const private_ = [...secrets, person.token, person.token.slice(0, -5), password, wrong, word];
  const logs = await filesBelow(inStack('log'));
  expect(logs.length).toBeGreaterThan(10);
  for (const log of logs) {
    const text = await readFile(log, 'utf8');
    expect(
      private_.filter((value) => text.includes(value)),
      log,
    ).toEqual([]);
  }
});
