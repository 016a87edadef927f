import { expect, test } from 'vitest';
import { exampleStack } from '../testing/example-stack.ts';
import { haproxyPart, haproxySettings } from './haproxy.ts';

test('HAProxy runs as master and worker, its sockets in the folder that it shares with lb', () => {
  const { program, folders, files } = haproxyPart(exampleStack, 'global\n');
  expect(program.command.slice(1)).toEqual([
    '-W',
    '-S',
    '/srv/stacks/demo/haproxy/master.sock,mode,600',
    '-f',
    '/srv/stacks/demo/haproxy/haproxy.cfg',
  ]);
  expect(program.user).toBe('mf-lb');
  expect(folders).toEqual([{ path: '/srv/stacks/demo/haproxy', mode: 0o700, user: 'mf-lb' }]);
  expect(files).toMatchObject([
    { content: 'global\n', mode: 0o600, user: 'mf-lb' },
    { path: '/srv/stacks/demo/haproxy/traffic.map', content: '', mode: 0o600, user: 'mf-lb' },
  ]);
});

test('lb’s settings name the same files, and the public address', () => {
  expect(haproxySettings(exampleStack)).toMatchObject({
    HAPROXY_CONFIG: '/srv/stacks/demo/haproxy/haproxy.cfg',
    HAPROXY_MASTER_SOCKET: '/srv/stacks/demo/haproxy/master.sock',
    HAPROXY_RUNTIME_SOCKET: '/srv/stacks/demo/haproxy/runtime.sock',
    HAPROXY_PUBLIC: '127.0.0.1:1',
    HAPROXY_STATS: '127.0.0.1:9',
    HAPROXY_STATS_PASSWORD: 'stats-password',
  });
});
