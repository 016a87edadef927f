/** A real Redis of a test's own, which it may kill and start again: the tests' common one serves others. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Scope } from '@microflack/common/testing/parts.ts';
import { until } from '@microflack/common/testing/until.ts';
import { Redis } from 'ioredis';

export interface OwnRedis {
  url: string;
  /** As by kill -9. What the append-only file has is there again after start(). */
  kill(): Promise<void>;
  start(): Promise<void>;
}

export async function startOwnRedis(scope: Scope): Promise<OwnRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'own-redis-'));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const options = ['--port', String(port), '--dir', folder, '--appendonly', 'yes', '--save', ''];
  const run = () => spawn('redis-server', ['--bind', '127.0.0.1', ...options], { stdio: 'ignore' });
  let server = run();

  async function kill(): Promise<void> {
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill('SIGKILL');
    await once(server, 'exit');
  }

  scope.onTestFinished(async () => {
    await kill();
    await rm(folder, { recursive: true });
  });
  await until('Redis answers', () => answers(url));
  return {
    url,
    kill,
    async start() {
      server = run();
      await until('Redis answers again', () => answers(url));
    },
  };
}

async function answers(url: string): Promise<boolean> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: null });
  redis.on('error', () => undefined); // the calls below reject as well
  try {
    await redis.connect();
    return (await redis.ping()) === 'PONG';
  } catch {
    return false; // not yet
  } finally {
    redis.disconnect();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || !address) throw new Error('expected a port');
  return address.port;
}
