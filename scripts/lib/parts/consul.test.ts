import { expect, test } from 'vitest';
import { exampleStack } from '../testing/example-stack.ts';
import { consulConfig } from './consul.ts';

const read = (version: string) => JSON.parse(consulConfig(exampleStack, version));

test('one server on loopback, which elects itself quickly and lets nobody in without a token', () => {
  expect(read('1.8.7')).toEqual({
    node_name: 'stack-demo',
    data_dir: '/srv/stacks/demo/consul/data',
    server: true,
    bootstrap_expect: 1,
    bind_addr: '127.0.0.1',
    client_addr: '127.0.0.1',
    ports: { http: 2, server: 3, serf_lan: 4, serf_wan: -1, dns: -1, grpc: -1 },
    performance: { raft_multiplier: 1 },
    limits: { http_max_conns_per_client: 2000 },
    acl: {
      enabled: true,
      default_policy: 'deny',
      tokens: { master: 'management-uuid', agent: 'agent-uuid' },
    },
    enable_script_checks: false,
    enable_local_script_checks: false,
    disable_remote_exec: true,
    disable_update_check: true,
    log_level: 'WARN',
  });
});

test('newer versions get the words that they know, older ones none that they do not', () => {
  expect(read('1.10.12').acl.tokens).toHaveProperty('master');
  expect(read('1.11.0').acl.tokens).toEqual({
    initial_management: 'management-uuid',
    agent: 'agent-uuid',
  });
  expect(read('1.13.9').ports).not.toHaveProperty('grpc_tls');
  expect(read('1.20.1').ports).toHaveProperty('grpc_tls', -1);
});
