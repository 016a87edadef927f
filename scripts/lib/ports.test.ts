import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { chooseInnerPorts, describeHolder, firstFree, isFree, parseHolder } from './ports.ts';

test('a taken port is named with the program that holds it', () => {
  const line =
    'LISTEN 0      511        127.0.0.1:8080      0.0.0.0:*    users:(("node",pid=4711,fd=20))\n';
  const holder = parseHolder(line);
  expect(describeHolder(holder)).toBe('by node (pid 4711, on 127.0.0.1:8080)');
});

test("another user's program has no name", () => {
  const holder = parseHolder('LISTEN 0      128          0.0.0.0:8080      0.0.0.0:*          \n');
  expect(describeHolder(holder)).toBe('by a program of another user (on 0.0.0.0:8080)');
});

test('a port that nobody listens on has no holder', () => {
  expect(parseHolder('')).toBeUndefined();
});

test('the chosen ports are free and all differ', async () => {
  const ports = Object.values(await chooseInnerPorts());
  expect(new Set(ports).size).toBe(8);
  for (const port of ports) expect(await isFree(port, '127.0.0.1')).toBe(true);
});

test('a port that something listens on is passed over', async () => {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : 0);
    });
  });
  expect(await isFree(port, '*')).toBe(false);
  const next = await firstFree(port, '*');
  expect(next).toBeGreaterThan(port);
  expect(await firstFree(port, '*', new Set([next]))).toBeGreaterThan(next);
  server.close();
});
