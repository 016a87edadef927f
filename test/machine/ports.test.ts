import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { beyondLoopback, openPorts } from './ports.ts';

test('a port that listens is found, and one that does not is not', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own = server.address();
  const port = typeof own === 'object' && own ? own.port : 0;
  expect(await openPorts('127.0.0.1', port, port)).toEqual([port]);
  server.close();
  await once(server, 'close');
  expect(await openPorts('127.0.0.1', port, port)).toEqual([]);
});

test('what waits for datagrams on loopback is nobody else’s business', () => {
  const listing = `UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:*
UNCONN 0 0 [::1]:323 [::]:*
UNCONN 0 0 0.0.0.0:5355 0.0.0.0:*
UNCONN 0 0 [::]:5355 [::]:*`;
  expect(beyondLoopback(listing)).toEqual(['0.0.0.0:5355', '[::]:5355']);
});
