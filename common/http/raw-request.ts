/**
 * A call to another service as HTTP, and its answer's body as a value. Pure but for the current
 * context.
 */
import { currentContext, headersOf } from '../context.ts';
import { unavailable } from '../errors.ts';
import type { ServiceRequest } from './client.ts';
import type { RawRequest } from './endpoint.ts';
import { internalHeader } from './server.ts';

/**
 * The call as it goes over the wire: who asks, in which trace, and how much time there is for it.
 */
export function rawRequest(
  { method, path, body, headers, bearer, basic, idempotencyKey, internal }: ServiceRequest,
  timeoutMs: number,
  internalKey: string | undefined,
): RawRequest {
  const all: Record<string, string> = { ...headers, ...headersOf(currentContext(), timeoutMs) };
  if (body !== undefined) all['content-type'] = 'application/json';
  if (bearer !== undefined) all.authorization = `Bearer ${bearer}`;
  if (basic) {
    const pair = Buffer.from(`${basic.username}:${basic.password}`).toString('base64');
    all.authorization = `Basic ${pair}`;
  }
  if (idempotencyKey !== undefined) all['idempotency-key'] = idempotencyKey;
  if (internal && internalKey) all[internalHeader] = internalKey;
  return {
    method,
    path,
    headers: all,
    body: body === undefined ? null : JSON.stringify(body),
    timeoutMs,
  };
}

export function parseBody(text: string, contentType: string | string[] | undefined): unknown {
  if (!/^application\/([a-z.]+\+)?json/.test(String(contentType))) return text;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unavailable('upstream_failed', 'expected JSON, got something else', error);
  }
}
