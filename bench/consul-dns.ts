/**
 * The yardstick of joining and leaving: HAProxy that follows a Consul of its own by DNS, with what HashiCorp's guide for
 * `server-template` has (5 s of hold, SRV records). Both are made for one measurement and gone after it.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { execa } from 'execa';
import { chooseInnerPorts } from '../scripts/lib/ports.ts';

const patienceMs = 20_000;
const lookEveryMs = 50;

export interface Followed {
  /** Where HAProxy listens. */
  url: string;
  consulUrl: string;
}

/** HAProxy sends everything to the instances of `service`. */
export async function withConsulDns<T>(
  service: string,
  use: (followed: Followed) => Promise<T>,
): Promise<T> {
  const ports = await chooseInnerPorts(); // any that are free
  const [http, dns] = [ports.consulHttp, ports.haproxyStats];
  const folder = await mkdtemp(join(tmpdir(), 'mf-bench-'));
  const config = join(folder, 'haproxy.cfg');
  await writeFile(config, haproxyConfig(service, ports.redis, dns));
  const end = new AbortController();
  const start = (file: string, ...args: string[]) =>
    execa(file, args, { reject: false, cancelSignal: end.signal, stdio: 'ignore' });
  const inner = ['-server-port', ports.consulServer, '-serf-lan-port', ports.consulSerf];
  const agent = ['agent', '-dev', '-http-port', http, '-dns-port', dns, ...inner];
  const off = ['-grpc-port', -1, '-serf-wan-port', -1, '-log-level', 'err'];
  const programs = [
    start('consul', ...[...agent, ...off].map(String)),
    start('haproxy', '-db', '-f', config),
  ];
  try {
    const consulUrl = `http://127.0.0.1:${http}`;
    await untilLed(consulUrl);
    return await use({ url: `http://127.0.0.1:${ports.redis}`, consulUrl });
  } finally {
    end.abort();
    await Promise.all(programs);
    await rm(folder, { recursive: true });
  }
}

function haproxyConfig(service: string, port: number, dns: number): string {
  return `defaults
  mode http
  timeout connect 1s
  timeout client 30s
  timeout server 10s
resolvers consul
  nameserver consul 127.0.0.1:${dns}
  accepted_payload_size 8192
  hold valid 5s
listen probe
  bind 127.0.0.1:${port}
  balance roundrobin
  server-template probe 1-10 _${service}._tcp.service.consul resolvers consul resolve-opts allow-dup-ip resolve-prefer ipv4 check
`;
}

async function untilLed(consulUrl: string): Promise<void> {
  const patience = AbortSignal.timeout(patienceMs);
  for (;;) {
    const answer = await fetch(`${consulUrl}/v1/status/leader`).catch(() => undefined);
    if (answer?.ok && (await answer.text()).length > 2) return;
    await pause(lookEveryMs, undefined, { signal: patience });
  }
}
