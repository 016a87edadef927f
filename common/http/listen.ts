/**
 * The HTTP server of an instance: its limits, how it starts to listen, and how it stops.
 */
import { createServer, type RequestListener, type Server } from 'node:http';

/**
 * HAProxy keeps idle connections to its servers, and so do our own callers (endpoint.ts, 30 s). If
 * Node closed them first (5 s by default), a request could be on its way into the closing
 * connection and be lost. So the server must be the more patient side: this is longer than any idle
 * time of HAProxy's.
 */
const keepAliveTimeoutMs = 75_000;
/**
 * The whole head of a request, and the whole request, must have come by then: a half-sent POST must
 * not stall us.
 */
const headersTimeoutMs = 5_000;
const requestTimeoutMs = 15_000;
/** How often the two above are looked at. */
const checkIntervalMs = 1_000;
const maxHeaderBytes = 16 * 1024;
const maxHeaders = 100;

export function createHttpServer(listener: RequestListener): Server {
  const options = {
    keepAliveTimeout: keepAliveTimeoutMs,
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: checkIntervalMs,
    maxHeaderSize: maxHeaderBytes,
    noDelay: true,
  };
  const server = createServer(options, listener);
  server.maxHeadersCount = maxHeaders;
  return server;
}

/** Resolves with the port, which the system has chosen where `port` is 0. */
export async function listen(server: Server, host: string, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, host, resolve);
  await promise;
  server.off('error', reject);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a TCP port');
  return address.port;
}
