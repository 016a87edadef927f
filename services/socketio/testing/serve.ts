/** A socket server on a free port of loopback for a test, and clients for it; all gone when the test ends. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'socket.io';
import {
  io as connect,
  type ManagerOptions,
  type Socket,
  type SocketOptions,
} from 'socket.io-client';
import { onTestFinished } from 'vitest';
import { createSocketServer } from '../server.ts';

export const limits = { socketsInAll: 100, socketsPerAddress: 100, socketOrigins: [] };

export interface Serving {
  url: string;
  io: Server;
  client(options?: Partial<ManagerOptions & SocketOptions>): Socket;
}

export async function serve(overrides: Partial<typeof limits> = {}): Promise<Serving> {
  const http = createServer();
  const io = createSocketServer(http, { ...limits, ...overrides });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const address = http.address();
  if (typeof address !== 'object' || !address) throw new Error('expected a port');
  onTestFinished(() => io.close());
  const url = `http://127.0.0.1:${address.port}`;
  return { url, io, client: (options) => openClient(url, options) };
}

export function openClient(
  url: string,
  options: Partial<ManagerOptions & SocketOptions> = {},
): Socket {
  const socket = connect(url, { transports: ['websocket'], forceNew: true, ...options });
  onTestFinished(() => {
    socket.disconnect();
  });
  return socket;
}

/** The payload of the next event of this name. */
export function next(socket: Socket, name: string): Promise<unknown> {
  return new Promise((resolve) => socket.once(name, resolve));
}
