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
  const target = new URL(url);
  const sockets: Socket[] = [];
  let frozen = false;
  const server = createServer((near) => {
    sockets.push(near);
    if (frozen) return;
    const far = connect(Number(target.port), target.hostname);
    sockets.push(far);
    near.pipe(far).pipe(near);
  });
  server.listen(0, target.hostname);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a port');
  scope.onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  target.port = String(address.port);
  return {
    url: target.href,
    freeze() {
      frozen = true;
      for (const socket of sockets) socket.unpipe().pause();
    },
  };
}
