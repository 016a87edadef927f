/**
 * The one kind of error that a service answers with, and how it looks on the wire.
 *
 * Use cases throw a ServiceError made by one of the factories below; http/server.ts turns whatever
 * was thrown into an answer with toProblem(). An error that is not a ServiceError is a bug: it is
 * answered with a bare 500, and what it says goes to the log and never to the caller.
 */

export interface ServiceErrorOptions {
  /** Stable, lower_snake: clients decide by it. */
  code: string;
  status: number;
  /**
   * For people: what was expected and what came. Sent to the caller below 500, logged from there
   * on.
   */
  detail: string;
  cause?: unknown;
  /** Further members of the problem document, such as the fields at fault. */
  extra?: Record<string, unknown>;
  headers?: Record<string, string>;
}

export class ServiceError extends Error {
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  readonly extra: Record<string, unknown>;
  readonly headers: Record<string, string>;

  constructor({ code, status, detail, cause, extra = {}, headers = {} }: ServiceErrorOptions) {
    super(detail, { cause });
    this.name = 'ServiceError';
    this.code = code;
    this.status = status;
    this.detail = detail;
    this.extra = extra;
    this.headers = headers;
  }
}

/** What is sent: RFC 9457's problem document, except for 401 (see unauthorized). */
export interface Answer {
  status: number;
  contentType: string;
  headers: Record<string, string>;
  body: Record<string, unknown>;
}

export const badRequest = (code: string, detail: string): ServiceError =>
  new ServiceError({ status: 400, code, detail });

/**
 * Never says why: a caller without a valid token learns nothing from us. The cause is for our log.
 */
export const unauthorized = (cause?: unknown): ServiceError =>
  new ServiceError({ status: 401, code: 'unauthorized', detail: 'authentication required', cause });

export const forbidden = (code: string, detail: string): ServiceError =>
  new ServiceError({ status: 403, code, detail });

export const notFound = (what: string): ServiceError =>
  new ServiceError({ status: 404, code: 'not_found', detail: `${what} was not found` });

export const conflict = (code: string, detail: string): ServiceError =>
  new ServiceError({ status: 409, code, detail });

export const unprocessable = (code: string, detail: string): ServiceError =>
  new ServiceError({ status: 422, code, detail });

export const tooManyRequests = (retryAfterSeconds: number, detail: string): ServiceError =>
  new ServiceError({
    status: 429,
    code: 'too_many_requests',
    detail,
    headers: { 'retry-after': String(Math.ceil(retryAfterSeconds)) },
  });

/** Something that we need is away for now; the same request may work in a second. */
export const unavailable = (code: string, detail: string, cause?: unknown): ServiceError =>
  new ServiceError({ status: 503, code, detail, cause, headers: { 'retry-after': '1' } });

export const deadlineExceeded = (detail: string, cause?: unknown): ServiceError =>
  new ServiceError({ status: 504, code: 'deadline_exceeded', detail, cause });

/**
 * Every 401 of every service has this body and this header: the wire has promised it since 2017.
 */
const unauthorizedAnswer: Answer = {
  status: 401,
  contentType: 'application/json',
  // Basic here would make browsers open their own sign-in window.
  headers: { 'www-authenticate': 'Bearer realm="Authentication Required"' },
  body: { error: 'authentication required' },
};

const titles: Record<number, string> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

export interface Problem {
  type: 'about:blank';
  title: string;
  status: number;
  code: string;
  detail?: string;
  [member: string]: unknown;
}

/**
 * The problem document of whatever was thrown. From 500 on it has no detail: that is for our log.
 */
export function toProblem(thrown: unknown): Problem {
  const { status, code, detail, extra } = toServiceError(thrown);
  const title = titles[status] ?? 'Error';
  if (status >= 500) return { type: 'about:blank', title, status, code };
  return { ...extra, type: 'about:blank', title, status, code, detail };
}

/** Status, headers and body of the answer to whatever was thrown. */
export function toAnswer(thrown: unknown): Answer {
  const error = toServiceError(thrown);
  if (error.status === 401) return unauthorizedAnswer;
  return {
    status: error.status,
    contentType: 'application/problem+json',
    headers: error.headers,
    body: toProblem(error),
  };
}

/** Anything as a ServiceError: our own as it is, an unreachable part as 503, all else as 500. */
export function toServiceError(thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  if (isOutage(thrown)) return unavailable('dependency_unavailable', detail, thrown);
  return new ServiceError({ status: 500, code: 'internal', detail, cause: thrown });
}

/**
 * Codes of Node's sockets, of mysql2 and of MariaDB for a part that is away: an outage and not a
 * bug.
 */
const outageCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'ER_CON_COUNT_ERROR',
  // Galera: this node cannot serve now.
  'ER_UNKNOWN_COM_ERROR',
]);
/** MariaDB's max_statement_time was exceeded; mysql2 has no name for it. */
const statementTimeout = 1969;
/** What mysql2 says, without a code, when too many wait for a connection. */
const poolIsFull = 'Queue limit reached.';

function isOutage(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  if (thrown.message === poolIsFull) return true;
  if ('errno' in thrown && thrown.errno === statementTimeout) return true;
  return 'code' in thrown && outageCodes.has(String(thrown.code));
}
