import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { exampleStack } from '../testing/example-stack.ts';
import { redisConfig, redisUsers } from './redis.ts';

test('Redis listens on loopback and keeps an append-only file', () => {
  expect(redisConfig(exampleStack)).toBe(`bind 127.0.0.1
port 8
daemonize no
dir "/srv/stacks/demo/redis/data"
aclfile "/srv/stacks/demo/redis/users.acl"
databases 1
set-proc-title no
appendonly yes
appendfsync everysec
save ""
maxmemory 64mb
maxmemory-policy noeviction
`);
});

test('each service has keys of its own; all read the events, and some write them', () => {
  const users = redisUsers(exampleStack.secrets);
  const lines = users.trimEnd().split('\n');
  expect(lines[0]).toBe('user default off');
  expect(lines[1]).toMatch(/^user admin on #[0-9a-f]{64} ~\* &\* \+@all$/);
  expect(lines[2]).toMatch(
    /^user messages on #[0-9a-f]{64} resetchannels ~messages:\* ~events\* -@all /,
  );
  expect(lines[3]).toMatch(/^user ui on #[0-9a-f]{64} resetchannels ~ui:\* %R~events\* -@all /);
  expect(lines).toHaveLength(4);
});

test('no password is written down, only its hash', () => {
  const users = redisUsers(exampleStack.secrets);
  expect(users).not.toMatch(/password/);
  expect(users).toContain(createHash('sha256').update('messages-password').digest('hex'));
});
