/**
 * Redis, which carries the events: on loopback, with a user for each service, and an append-only file.
 *
 * Events are hints and MySQL is the truth, so a second of them may be lost with the machine. What a
 * user may do is written here and nowhere else.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Part } from '../program.ts';
import type { Stack } from '../stack.ts';
import { findProgram, versionOf } from './installed.ts';
import { until } from './until.ts';

const user = 'mf-redis';
const memoryMb = 64;

/** Who puts events into the stream. Everybody reads it: whoever takes tokens hears there of revoked ones. */
const writers = new Set(['users', 'tokens', 'messages']);

/** Nothing that looks at other people's keys or connections, or that changes the server. */
const commands =
  '-@all +@connection +@read +@write +@transaction +eval +evalsha +script|load -@dangerous -scan -randomkey -dbsize +info';

export function redisPart(stack: Stack): Part {
  const folder = join(stack.dir, 'redis');
  const data = join(folder, 'data');
  const config = join(folder, 'redis.conf');
  const users = join(folder, 'users.acl');
  return {
    program: {
      name: 'redis',
      command: [findProgram('redis-server'), config],
      user,
      environment: {},
      show: [
        { path: folder, writable: false },
        { path: data, writable: true },
      ],
      priority: 10,
      stopWaitSecs: 10,
    },
    folders: [
      { path: folder, mode: 0o711, user: 'root' },
      { path: data, mode: 0o700, user },
    ],
    files: [
      { path: config, content: redisConfig(stack), mode: 0o600, user },
      { path: users, content: redisUsers(stack.secrets), mode: 0o600, user },
    ],
    version: () => versionOf('redis-server', '--version'),
    ready: () => until(() => answers(stack)),
  };
}

export function redisConfig({ dir, ports }: Pick<Stack, 'dir' | 'ports'>): string {
  const folder = join(dir, 'redis');
  return `bind 127.0.0.1
port ${ports.redis}
daemonize no
dir "${folder}/data"
aclfile "${folder}/users.acl"
databases 1
set-proc-title no
appendonly yes
appendfsync everysec
save ""
maxmemory ${memoryMb}mb
maxmemory-policy noeviction
`;
}

/** Passwords stand here as their hashes. Nobody gets in without one. */
export function redisUsers({
  redis,
  redisAdmin,
}: Pick<Stack['secrets'], 'redis' | 'redisAdmin'>): string {
  const services = Object.entries(redis).map(
    ([name, password]) => `user ${userRules(name, password)}`,
  );
  return [
    'user default off',
    `user admin on ${hashed(redisAdmin)} ~* &* +@all`,
    ...services,
    '',
  ].join('\n');
}

function userRules(name: string, password: string): string {
  const events = writers.has(name) ? '~events*' : '%R~events*';
  return `${name} on ${hashed(password)} resetchannels ~${name}:* ${events} ${commands}`;
}

/** Lets services in that came while Redis runs: the others' connections stay as they are. */
export async function admitToRedis(stack: Stack): Promise<void> {
  const users = Object.entries(stack.secrets.redis);
  const commands = users.map(([name, password]) => `ACL SETUSER ${userRules(name, password)}`);
  const said = (await ask(stack, commands.join('\n'))).split('\n');
  const refusal = said.find((line) => line !== 'OK');
  if (refusal !== undefined) throw new Error(`Redis answers ${refusal}`);
}

function hashed(password: string): string {
  return `#${createHash('sha256').update(password).digest('hex')}`;
}

/** It refuses while it still reads its file. */
async function answers(stack: Stack): Promise<void> {
  const said = await ask(stack, 'PING');
  if (said !== 'PONG') throw new Error(`Redis answers ${said}`);
}

/** One command a line, as the administrator; by standard input, as arguments can be read by everybody. */
async function ask({ ports, secrets }: Stack, command: string): Promise<string> {
  const { stdout } = await execa(
    findProgram('redis-cli'),
    ['-p', String(ports.redis), '--user', 'admin', '--no-auth-warning'],
    { env: { REDISCLI_AUTH: secrets.redisAdmin }, timeout: 1000, input: command },
  );
  return stdout;
}
