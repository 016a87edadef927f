/** A proxy as companies have one: tinyproxy, on an address of this machine's. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@microflack/common/testing/until.ts';
import { openPorts } from './ports.ts';

export interface ForwardProxy {
  url: string;
  /** What was asked of it: `CONNECT host:443 HTTP/1.1`, `GET http://… HTTP/1.1`. */
  requests(): Promise<string[]>;
  stop(): Promise<void>;
}

const port = 3128;

export async function startProxy(address: string): Promise<ForwardProxy> {
  const folder = await mkdtemp(join(tmpdir(), 'mf-proxy-'));
  const [configuration, log] = [join(folder, 'conf'), join(folder, 'log')];
  const lines = [
    `Listen ${address}`,
    `Port ${port}`,
    'Timeout 600',
    `LogFile "${log}"`,
    'LogLevel Connect',
  ];
  await writeFile(configuration, `${lines.join('\n')}\n`);
  const child = spawn('tinyproxy', ['-d', '-c', configuration], { stdio: 'ignore' });
  await writeFile(join(folder, 'pid'), String(child.pid)); // for clean.sh
  const listens = async () => (await openPorts(address, port, port)).length > 0;
  await until('the proxy listens', listens, 10_000);
  return {
    url: `http://${address}:${port}`,
    async requests() {
      const text = await readFile(log, 'utf8');
      return [...text.matchAll(/Request \(.*?\): (.*)/g)].map(([, request]) => request ?? '');
    },
    async stop() {
      child.kill();
      await once(child, 'exit');
      await rm(folder, { recursive: true });
    },
  };
}
