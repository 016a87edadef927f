import type { ChildProcess } from 'node:child_process';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listeningHosts, makeTestStack, type TestStack } from '../testing/run-part.ts';
import { redisPart } from './redis.ts';

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

test('listens on loopback alone', async () => {
  expect(await listeningHosts(server)).toEqual(new Set(['127.0.0.1']));
});
