/**
 * One HTTP call to a service: JSON out, JSON or problem+json in, a deadline, and a word to `onOutcome` about whether the
 * service answered. Used by `endpoints.ts` alone. Refuses to retry: each caller knows best whether and when.
 */
import type { HealthEvent, Service } from './health.ts';
import { problemModel } from './models.ts';

export interface ApiCall {
  /** Whose absence people are told of above the messages; none for what the chat does without. */
  readonly service?: Exclude<Service, 'socketio'>;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly authorization?: string;
  /** The Idempotency-Key of a post: the same key never makes a second message. */
  readonly key?: string;
}

export type CallApi = (call: ApiCall) => Promise<unknown>;

/** Why a call brought nothing. What was `refused` will be refused again, the others are worth a retry. */
export class ApiError extends Error {
  readonly kind: 'unreachable' | 'unavailable' | 'busy' | 'refused';
  readonly status: number;
  readonly code: string;
  readonly retryAfterMs: number | undefined;

  constructor(kind: ApiError['kind'], detail: string, more: ApiErrorFields = {}) {
    super(detail, { cause: more.cause });
    this.kind = kind;
    this.status = more.status ?? 0;
    this.code = more.code ?? kind;
    this.retryAfterMs = more.retryAfterMs;
  }
}

interface ApiErrorFields {
  status?: number;
  code?: string | undefined;
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

interface ApiOptions {
  readonly fetch: typeof fetch;
  readonly onOutcome: (outcome: HealthEvent) => void;
}

/** HAProxy asks another instance when one has not answered for 10 s: its answer is worth waiting for. */
const timeoutMs = 15_000;

export function createApi({ fetch, onOutcome }: ApiOptions): CallApi {
  return async function call({ service, method, path, body, authorization, key }) {
    const headers = new Headers({ accept: 'application/json' });
    if (body !== undefined) headers.set('content-type', 'application/json');
    if (authorization) headers.set('authorization', authorization);
    if (key) headers.set('idempotency-key', key);
    const text = body === undefined ? null : JSON.stringify(body);
    const signal = AbortSignal.timeout(timeoutMs);
    const report = (type: 'answered' | 'unavailable') => service && onOutcome({ type, service });
    let response: Response;
    let answer: unknown;
    try {
      response = await fetch(path, { method, headers, body: text, signal, cache: 'no-store' });
      answer = parseJson(await response.text());
    } catch (cause) {
      if (isTimeout(cause)) report('unavailable');
      else if (service) onOutcome({ type: 'unreachable' });
      throw silence(cause);
    }
    if (response.ok) {
      report('answered');
      return answer;
    }
    const error = errorFrom(response.status, answer, response.headers.get('retry-after'));
    report(error.kind === 'unavailable' ? 'unavailable' : 'answered');
    throw error;
  };
}

/** The error that a status and a problem+json body stand for; the socket's acknowledgements carry the same. */
export function errorFrom(status: number, body: unknown, retryAfter?: string | null): ApiError {
  const problem = problemModel.safeParse(body).data ?? {};
  const kind = status >= 500 ? 'unavailable' : status === 429 ? 'busy' : 'refused';
  const seconds = Number(retryAfter ?? Number.NaN);
  return new ApiError(kind, problem.detail ?? `HTTP status ${status}`, {
    status,
    code: problem.code,
    retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : undefined,
  });
}

function silence(cause: unknown): ApiError {
  return isTimeout(cause)
    ? new ApiError('unavailable', 'No answer in time.', { cause })
    : new ApiError('unreachable', 'No connection.', { cause });
}

function isTimeout(cause: unknown): boolean {
  return cause instanceof DOMException && cause.name === 'TimeoutError';
}

function parseJson(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined; // Not JSON: whoever needs a body parses it by a schema and says so.
  }
}
