import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withServices } from '../secrets.ts';
import { listeningHosts, makeTestStack, type TestStack } from '../testing/run-part.ts';
import { admitToRedis, redisPart } from './redis.ts';

let stack: TestStack;
let server: ChildProcess;

beforeAll(async () => {
  stack = await makeTestStack(['messages', 'socketio', 'ui']);
  server = await stack.run(redisPart(stack));
});
afterAll(() => stack.end());

async function redis(user: string, ...command: string[]): Promise<string> {
  const port = String(stack.ports.redis);
  const { stdout } = await execa(
    'redis-cli',
    ['-p', port, '--user', user, '--no-auth-warning', ...command],
    { env: { REDISCLI_AUTH: stack.secrets.redis[user] ?? '' } },
  );
  return stdout;
}

test('nobody gets in without a password', async () => {
  const { stdout } = await execa('redis-cli', ['-p', String(stack.ports.redis), 'PING']);
  expect(stdout).toMatch(/^NOAUTH/);
});

test('messages writes events; socketio and the others read them', async () => {
  const id = await redis('messages', 'XADD', 'events', 'MAXLEN', '~', '10', '*', 'e', '{}');
  expect(id).toMatch(/^\d+-\d+$/);
  for (const reader of ['messages', 'socketio', 'ui']) {
    expect(await redis(reader, 'XREAD', 'BLOCK', '1', 'STREAMS', 'events', '0')).toContain(id);
  }
  expect(await redis('socketio', 'XADD', 'events', '*', 'e', '{}')).toMatch(/^NOPERM/);
  expect(await redis('ui', 'DEL', 'events')).toMatch(/^NOPERM/);
});

test('a service has keys of its own, and sees nobody else’s', async () => {
  expect(await redis('messages', 'SET', 'messages:limit', '1')).toBe('OK');
  expect(await redis('socketio', 'GET', 'messages:limit')).toMatch(/^NOPERM/);
  for (const command of [
    'KEYS *',
    'SCAN 0',
    'FLUSHALL',
    'CLIENT LIST',
    'CONFIG GET *',
    'ACL LIST',
  ]) {
    expect(await redis('messages', ...command.split(' '))).toMatch(/^NOPERM/);
  }
});

test('clients find out what server it is', async () => {
  expect(await redis('socketio', 'INFO', 'server')).toMatch(/redis_version/);
  expect(await redis('socketio', 'CLIENT', 'SETNAME', 'me')).toBe('OK');
});

test('a service that comes later gets in, and nobody who is connected notices', async () => {
  const { ports, secrets } = stack;
  const env = { REDISCLI_AUTH: secrets.redis.ui ?? '' };
  const words = ['-p', String(ports.redis), '--user', 'ui', '--no-auth-warning'];
  const connected = execa('redis-cli', words, { env, stdin: 'pipe' });
  connected.stdin.write('CLIENT ID\n');
  await once(connected.stdout, 'data');

  const known = { ...stack, secrets: withServices(secrets, ['popularity']) };
  await admitToRedis(known);
  const newcomer = { REDISCLI_AUTH: known.secrets.redis.popularity ?? '' };
  const hello = ['-p', String(ports.redis), '--user', 'popularity', 'SET', 'popularity:x', '1'];
  expect((await execa('redis-cli', hello, { env: newcomer })).stdout).toBe('OK');

  connected.stdin.end('CLIENT ID\n');
  const [before, after] = (await connected).stdout.split('\n');
  expect(before).toMatch(/^\d+$/);
  expect(after).toBe(before);
});

test('listens on loopback alone', async () => {
  expect(await listeningHosts(server)).toEqual(new Set(['127.0.0.1']));
});
