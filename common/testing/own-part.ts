/**
 * A Redis or a Consul of a test's own, for tests that kill, wipe or freeze it. All others share the
 * stack's.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Scope } from './parts.ts';

export interface OwnPart {
  url: string;
  start(): void;
  /** As a crash does it; resolves when the process is gone. What it kept in memory is lost. */
  kill(): Promise<void>;
  /** Stops answering without closing anything, until thaw(). */
  freeze(): void;
  thaw(): void;
}

/**
 * On a unix socket, which ioredis takes in place of a URL: no port to lose to somebody in between.
 */
export function ownRedis(scope: Scope): OwnPart {
  const folder = temporaryFolder(scope);
  const socket = join(folder, 'redis.sock');
  const options = { port: '0', unixsocket: socket, save: '', appendonly: 'no', dir: folder };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  return ownPart(scope, socket, 'redis-server', args);
}

/** A development server: everything in memory, so that killing it wipes it. */
export async function ownConsul(scope: Scope): Promise<OwnPart> {
  const [http, server, serf] = [await freePort(), await freePort(), await freePort()];
  const ports = [`-http-port=${http}`, `-server-port=${server}`, `-serf-lan-port=${serf}`];
  const off = ['-serf-wan-port=-1', '-dns-port=-1', '-grpc-port=-1'];
  const agent = ['agent', '-dev', '-bind=127.0.0.1'];
  return ownPart(scope, `http://127.0.0.1:${http}`, 'consul', [...agent, ...ports, ...off]);
}

function ownPart(scope: Scope, url: string, command: string, args: string[]): OwnPart {
  let child: ChildProcess | undefined;
  const kill = async () => {
    const dying = child;
    child = undefined;
    if (!dying || dying.exitCode !== null) return;
    dying.kill('SIGKILL');
    await once(dying, 'exit');
  };
  scope.onTestFinished(kill);
  return {
    url,
    start() {
      child = spawn(command, args, { stdio: 'ignore' });
    },
    kill,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
  };
}

function temporaryFolder(scope: Scope): string {
  const folder = mkdtempSync(join(tmpdir(), 'mf-own-'));
  scope.onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('expected a TCP port');
  return address.port;
}
