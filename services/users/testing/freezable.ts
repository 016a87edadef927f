/** A way to a server that can be frozen: connections stay open, and nothing goes through any more. As SIGSTOP does. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Scope } from '@microflack/common/testing/parts.ts';

export interface Freezable {
  /** The same URL with our port. */
  url: string;
  freeze(): void;
}

export async function freezable(scope: Scope, url: string): Promise<Freezable> {
  const { hostname, port } = new URL(url);
  const sockets: Socket[] = [];
  let frozen = false;
  const keep = (socket: Socket): Socket => {
    sockets.push(socket);
    // Either end may go while we still write to it.
    return socket.on('error', () => socket.destroy());
  };
  const server = createServer((near) => {
    keep(near);
    if (!frozen) near.pipe(keep(connect(Number(port), hostname))).pipe(near);
  });
  server.listen(0, hostname);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a port');
  scope.onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const ours = new URL(url);
  ours.port = String(address.port);
  return {
    url: ours.href,
    freeze() {
      frozen = true;
      for (const socket of sockets) socket.unpipe().pause();
    },
  };
}
