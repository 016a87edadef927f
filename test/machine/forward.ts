/** A port of this machine's loopback that leads to one of another machine's, as Vagrant forwards it: pages are at home on localhost. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** The URL of what listens there. */
export async function forwardTo(
  address: string,
  port: number,
): Promise<{ url: string; close(): void }> {
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, address);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(from);
      from.on('close', () => open.delete(from));
      // A connection that breaks on one side breaks on the other.
      from.on('error', () => to.destroy());
      from.pipe(to);
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own = server.address();
  if (own === null || typeof own === 'string') throw new Error('expected a port');
  const close = () => {
    server.close();
    for (const socket of open) socket.destroy();
  };
  return { url: `http://localhost:${own.port}`, close };
}
