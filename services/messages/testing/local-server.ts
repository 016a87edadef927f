/** Servers of the tests on a port of this machine: pages to link to, and a wire that can be cut or frozen. */
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Scope } from '@microflack/common/testing/parts.ts';

export interface PageServer {
  url: string;
  /** host:port, as LINKS_EXEMPT has it. */
  place: string;
  port: number;
  /** The paths that were asked for, in order. */
  requests: string[];
}

export async function servePages(scope: Scope, listener: RequestListener): Promise<PageServer> {
  const requests: string[] = [];
  const server = createHttpServer((request, response) => {
    requests.push(request.url ?? '');
    listener(request, response);
  });
  const port = await listen(server);
  scope.onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${port}`, place: `127.0.0.1:${port}`, port, requests };
}

export function htmlPage(title: string, description: string): RequestListener {
  return (_request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(
      `<html><head><title>${title}</title><meta name="description" content="${description}"></head>`,
    );
  };
}

export interface Wire {
  /** The URL with the wire in between. */
  url: string;
  /** Connections end, and new ones are refused. */
  cut(): Promise<void>;
  /** Connections stay, and nothing gets through any more. */
  freeze(): void;
  /** The connection that sends so many pieces more from now on ends there: the last one arrives, its answer does not. */
  loseAnswerTo(piece: number): void;
  mend(): Promise<void>;
}

/** A wire to the server of a URL such as redis://…@127.0.0.1:6379, that a test can break. */
export async function wireTo(scope: Scope, target: string): Promise<Wire> {
  const url = new URL(target);
  const [farPort, farHost] = [Number(url.port), url.hostname];
  const sockets = new Set<Socket>();
  let frozen = false;
  let piecesLeft = Number.POSITIVE_INFINITY;

  const server = createServer((near) => {
    const far = connect(farPort, farHost);
    near.on('data', (bytes) => {
      if (frozen) return;
      piecesLeft -= 1;
      if (piecesLeft !== 0) return far.write(bytes);
      far.end(bytes);
      near.destroy();
    });
    far.on('data', (bytes) => frozen || near.write(bytes));
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.end();
      });
    }
  });
  url.port = String(await listen(server));
  const cut = async () => {
    const closed = server.listening ? once(server.close(), 'close') : undefined;
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  scope.onTestFinished(cut);

  return {
    url: url.href,
    cut,
    freeze() {
      frozen = true;
    },
    loseAnswerTo(piece) {
      piecesLeft = piece;
    },
    async mend() {
      frozen = false;
      if (!server.listening) await listen(server, Number(url.port));
    },
  };
}

async function listen(server: Server, port = 0): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a port');
  return address.port;
}
