/**
 * Consul, the registry: one server agent on loopback, closed to whoever has no token.
 *
 * The stack runs it first, as everything else registers with it. Works with Debian's 1.8.7 and with
 * newer ones. Its tokens are made once it runs (accounts/consul-acl.ts), and made again by start-consul.sh
 * beside this file where its data is gone.
 */
import { join } from 'node:path';
import { answerMs } from '../patience.ts';
import type { File, Part } from '../program.ts';
import type { Stack } from '../stack.ts';
import { findProgram, isAtLeast, versionNow, versionOf } from './installed.ts';
import { until } from './until.ts';

const user = 'mf-consul';

/** All instances of all services come from one address; Consul's default would be 200. */
const connectionsPerClient = 2000;

/** The requests that open the accounts, as curl takes them. */
export function accountsFile(stack: Stack, content: string): File {
  return { path: join(folderOf(stack), 'accounts.curl'), content, mode: 0o600, user };
}

export function consulPart(stack: Stack): Part {
  const folder = folderOf(stack);
  const data = join(folder, 'data');
  const config = join(folder, 'consul.json');
  const start = join(import.meta.dirname, 'start-consul.sh');
  return {
    program: {
      name: 'consul',
      command: [findProgram('bash'), start, findProgram('consul'), folder],
      user,
      environment: {},
      show: [
        { path: folder, writable: false },
        { path: data, writable: true },
        { path: start, writable: false },
      ],
      priority: 10,
      stopWaitSecs: 10,
    },
    folders: [
      { path: folder, mode: 0o711, user: 'root' },
      { path: data, mode: 0o700, user },
    ],
    files: [
      {
        path: config,
        content: consulConfig(stack, versionNow('consul', 'version')),
        mode: 0o600,
        user,
      },
    ],
    version: () => versionOf('consul', 'version'),
    ready: () => until(() => knowsManagementToken(stack)),
  };
}

function folderOf({ dir }: Pick<Stack, 'dir'>): string {
  return join(dir, 'consul');
}

/** The agent's configuration, in the words of its version. */
export function consulConfig(
  { name, dir, ports, secrets }: Pick<Stack, 'name' | 'dir' | 'ports' | 'secrets'>,
  version: string,
): string {
  const management = isAtLeast(version, '1.11') ? 'initial_management' : 'master';
  const config = {
    node_name: `stack-${name}`,
    data_dir: join(dir, 'consul/data'),
    server: true,
    bootstrap_expect: 1,
    bind_addr: '127.0.0.1',
    client_addr: '127.0.0.1',
    ports: {
      http: ports.consulHttp,
      server: ports.consulServer,
      serf_lan: ports.consulSerf,
      serf_wan: -1,
      dns: -1,
      grpc: -1,
      ...(isAtLeast(version, '1.14') && { grpc_tls: -1 }),
    },
    // A leader within 2 s of the start; the default is made for slow networks and takes up to 10 s.
    performance: { raft_multiplier: 1 },
    limits: { http_max_conns_per_client: connectionsPerClient },
    acl: {
      enabled: true,
      default_policy: 'deny',
      tokens: { [management]: secrets.consulManagement, agent: secrets.consulAgent },
    },
    enable_script_checks: false,
    enable_local_script_checks: false,
    disable_remote_exec: true,
    disable_update_check: true,
    log_level: 'WARN',
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** The management token is known once there is a leader and its access rules are in place: then all else works. */
async function knowsManagementToken({ ports, secrets }: Stack): Promise<void> {
  const leader = await ask(ports.consulHttp, '/v1/status/leader');
  if (leader === '""') throw new Error('Consul has no leader');
  await ask(ports.consulHttp, '/v1/acl/token/self', { 'x-consul-token': secrets.consulManagement });
}

async function ask(
  port: number,
  path: string,
  headers: Record<string, string> = {},
): Promise<string> {
  const signal = AbortSignal.timeout(answerMs);
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers, signal });
  const text = await response.text();
  if (!response.ok) throw new Error(`Consul answers ${response.status} to ${path}: ${text}`);
  return text.trim();
}
