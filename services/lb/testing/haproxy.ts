/**
 * A real HAProxy for tests, started as a stack starts it: a master with one worker, from lb's own
 * configuration for an empty model, and brought back when it dies, as supervisord does it.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSettings } from '@microflack/common/config.ts';
import { freePort } from '@microflack/common/testing/own-part.ts';
import type { Scope } from '@microflack/common/testing/parts.ts';
import { until } from '@microflack/common/testing/until.ts';
import { replaceFile } from '../apply.ts';
import { type LbSettings, settings as schema } from '../config.ts';
import { mapPath } from '../files.ts';
import { emptyModel } from '../model.ts';
import { renderConfig } from '../render.ts';
import type { Running } from '../running.ts';
import { ask, look } from '../runtime.ts';

export interface TestHaproxy {
  /** Where the world comes in. */
  url: string;
  /** lb's settings, as environment. */
  environment: Record<string, string>;
  settings: LbSettings;
  running(): Promise<Running>;
  config(): Promise<string>;
  /** Another one after each reload, and after each restart. */
  workerPid(): Promise<number>;
  /** All of them: the one that works, and those that reloads left behind. */
  workers(): Promise<number[]>;
  /** How many connections it has made to a server so far, checks left out. */
  connectionsTo(backend: string, server: string): Promise<number>;
  /** As a crash does it; it comes back by itself. */
  kill(): Promise<void>;
}

/** What supervisord takes about. */
const restartMs = 300;

/** MF_TEST_HAPROXY names another version than the installed one. */
export function haproxyBin(): string {
  const { MF_TEST_HAPROXY } = process.env;
  return MF_TEST_HAPROXY ?? execFileSync('which', ['haproxy'], { encoding: 'utf8' }).trim();
}

export async function startHaproxy(scope: Scope, consulUrl: string): Promise<TestHaproxy> {
  const folder = await mkdtemp(join(tmpdir(), 'mf-lb-'));
  const environment = {
    CONSUL_URL: consulUrl,
    LOG_LEVEL: 'silent',
    DRAIN_GRACE_MS: '0',
    HAPROXY_BIN: haproxyBin(),
    HAPROXY_CONFIG: join(folder, 'haproxy.cfg'),
    HAPROXY_RUNTIME_SOCKET: join(folder, 'runtime.sock'),
    HAPROXY_MASTER_SOCKET: join(folder, 'master.sock'),
    HAPROXY_PUBLIC: `127.0.0.1:${await freePort()}`,
    HAPROXY_STATS: `127.0.0.1:${await freePort()}`,
    HAPROXY_STATS_PASSWORD: 'pass-word',
    TRAFFIC_KEY: 'traffic-key',
  };
  const settings = loadSettings(schema, environment);
  await replaceFile(mapPath(settings.haproxyConfig), '');
  await replaceFile(settings.haproxyConfig, renderConfig(emptyModel, settings));

  let child: ChildProcess;
  let over = false;
  const start = () => {
    const { haproxyBin, haproxyMasterSocket, haproxyConfig } = settings;
    const args = ['-W', '-S', `${haproxyMasterSocket},mode,600`, '-f', haproxyConfig];
    child = spawn(haproxyBin, args, { stdio: 'ignore' });
    child.once('exit', () => {
      if (!over) setTimeout(start, restartMs);
    });
  };
  start();
  scope.onTestFinished(async () => {
    over = true;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
    await rm(folder, { recursive: true });
  });

  const running = () => look(settings);
  await until('HAProxy answers', () => running().catch(() => undefined));
  return {
    url: `http://${settings.haproxyPublic}`,
    environment,
    settings,
    running,
    config: () => readFile(settings.haproxyConfig, 'utf8'),
    async workerPid() {
      const info = await ask(settings.haproxyRuntimeSocket, 'show info');
      return Number(/^Pid: (\d+)/m.exec(info)?.[1]);
    },
    async connectionsTo(backend, server) {
      const [head = '', ...rows] = (await ask(settings.haproxyRuntimeSocket, 'show stat')).split(
        '\n',
      );
      const column = head.split(',').indexOf('connect');
      const row = rows.find((one) => one.startsWith(`${backend},${server},`));
      return Number(row?.split(',')[column]);
    },
    async workers() {
      const all = await ask(settings.haproxyMasterSocket, 'show proc;quit');
      return [...all.matchAll(/^(\d+)\s+worker\b/gm)].map(([, pid]) => Number(pid));
    },
    async kill() {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}
