/**
 * The connection to Consul: the npm client, and one blocking query with it.
 *
 * Of the package's own watch we do not make use: after an error it goes on from its old index,
 * which blocks for the whole wait where Consul was restarted with a smaller one (watch.ts has the
 * rules).
 */
import { EventEmitter } from 'node:events';
import Consul from 'consul';
import { z } from 'zod';

/**
 * How long a query may wait for a change. More than 10 s would hide an index that Consul forgot.
 */
const waitSeconds = 10;
/**
 * Consul adds up to a sixteenth of the wait; what takes longer than this is a Consul that hangs.
 */
const queryTimeoutMs = 12_000;
/** For everything but blocking queries. */
const requestTimeoutMs = 1_000;

export interface BlockingAnswer {
  index: string;
  body: unknown;
}

/**
 * Asks once: answers when what is asked about has changed since `index`, or when the wait is over.
 *
 * Consistently: otherwise a Consul that starts again tells of instances long dead, while it still
 * reads in its log how they came and went.
 */
export type BlockingQuery = (index: string, signal: AbortSignal) => Promise<BlockingAnswer>;

/**
 * What the npm client takes, most of it beyond its types: an emitter to cancel by, and to ask for
 * the headers.
 */
interface BlockingOptions {
  token?: string;
  index: string;
  wait: string;
  timeout: number;
  consistent: true;
  ctx: EventEmitter & { includeResponse: true };
}

const answerWithHeaders = z.tuple([
  z.object({ headers: z.object({ 'x-consul-index': z.string().regex(/^\d+$/) }) }),
  z.unknown().optional(),
]);

export function connectConsul({
  consulUrl,
  consulToken,
}: {
  consulUrl: string;
  consulToken?: string | undefined;
}): Consul {
  const { hostname, port } = new URL(consulUrl);
  // The client knows the timeout, its types do not. Without one, a frozen Consul would hold us for
  // ever.
  const defaults = { timeout: requestTimeoutMs, ...(consulToken ? { token: consulToken } : {}) };
  return new Consul({ host: hostname, port: Number(port || 8500), defaults });
}

/** Every instance of a service with its checks, in whatever state they are. */
export function serviceQuery(consul: Consul, service: string): BlockingQuery {
  return (index, signal) =>
    blocking(index, signal, (options) => consul.health.service({ service, ...options }));
}

/** Everything below a folder of the key-value store; an answer without a body where nothing is. */
export function folderQuery(consul: Consul, key: string): BlockingQuery {
  return (index, signal) =>
    blocking(index, signal, (options) => consul.kv.get({ key, recurse: true, ...options }));
}

/** The names of all services. */
export function catalogQuery(consul: Consul): BlockingQuery {
  return (index, signal) =>
    blocking(index, signal, (options) => consul.catalog.service.list(options));
}

async function blocking(
  index: string,
  signal: AbortSignal,
  ask: (options: BlockingOptions) => Promise<unknown>,
): Promise<BlockingAnswer> {
  signal.throwIfAborted();
  const ctx = Object.assign(new EventEmitter(), { includeResponse: true as const });
  const cancel = () => ctx.emit('cancel');
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const wait = `${waitSeconds}s`;
    const [response, body] = answerWithHeaders.parse(
      await ask({ index, wait, timeout: queryTimeoutMs, consistent: true, ctx }),
    );
    return { index: response.headers['x-consul-index'], body };
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}
