/**
 * What travels with a request: the ids of its trace, its deadline, and its baggage.
 *
 * http/server.ts opens a context for every request from its headers; log.ts, http/client.ts and
 * db/pool.ts read it, so that nobody has to pass it through their arguments.
 *
 * The remaining time travels as a duration: clocks of two machines differ, their lengths of a
 * second do not. Inside the process it is kept as a moment of the monotonic clock.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { deadlineExceeded } from './errors.ts';

export interface RequestContext {
  /** 32 hex digits, the same in every service that works on one request. */
  traceId: string;
  /** 16 hex digits, of this service's part in it. */
  spanId: string;
  /** The caller's span, where there is one. */
  parentSpanId?: string;
  /** performance.now() at which the caller stops waiting. */
  deadlineAt?: number;
  /** W3C baggage, handed on as it came. */
  baggage?: string;
}

export interface ContextHeaders {
  traceparent?: string | undefined;
  baggage?: string | undefined;
  deadlineMs?: string | undefined;
}

/** Remaining time in whole milliseconds. */
export const deadlineHeader = 'x-deadline-ms';

/** W3C's own limit for a baggage header; a longer one is dropped and not cut. */
const baggageMaxBytes = 8_192;

const storage = new AsyncLocalStorage<RequestContext>();

export function currentContext(): RequestContext | undefined {
  return storage.getStore();
}

export function runWithContext<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

/** The time that the current request has left; undefined where it has no deadline. */
export function remainingMs(nowMs = performance.now()): number | undefined {
  const deadlineAt = currentContext()?.deadlineAt;
  return deadlineAt === undefined ? undefined : deadlineAt - nowMs;
}

/** The lower deadline wins: the time to allow for something that may take `ownMs` by itself. */
export function boundedMs(ownMs: number, leftMs = remainingMs()): number {
  return Math.min(ownMs, leftMs ?? ownMs);
}

/**
 * To be called before work starts: nobody waits for its result any more once the deadline has
 * passed.
 */
export function assertTimeLeft(what: string): void {
  const left = remainingMs();
  if (left !== undefined && left <= 0) {
    throw deadlineExceeded(
      `${what} was not started: the deadline passed ${Math.ceil(-left)} ms ago`,
    );
  }
}

/**
 * A new context: the caller's trace goes on, or a new one begins. Malformed headers count as
 * absent.
 */
export function contextFrom(headers: ContextHeaders, nowMs = performance.now()): RequestContext {
  const parent = parseTraceparent(headers.traceparent);
  const leftMs = parseDeadline(headers.deadlineMs);
  const context: RequestContext = {
    traceId: parent?.traceId ?? newTraceId(),
    spanId: newSpanId(),
  };
  if (parent) context.parentSpanId = parent.spanId;
  if (leftMs !== undefined) context.deadlineAt = nowMs + leftMs;
  if (headers.baggage && Buffer.byteLength(headers.baggage) <= baggageMaxBytes) {
    context.baggage = headers.baggage;
  }
  return context;
}

/** The headers that hand a context on to the next service, which then has `leftMs`. */
export function headersOf(
  context: RequestContext | undefined,
  leftMs: number,
): Record<string, string> {
  const headers: Record<string, string> = { [deadlineHeader]: String(Math.floor(leftMs)) };
  headers.traceparent = `00-${context?.traceId ?? newTraceId()}-${context?.spanId ?? newSpanId()}-01`;
  if (context?.baggage) headers.baggage = context.baggage;
  return headers;
}

/** Ids tell requests apart and keep no secret: Math.random is a tenth of the price of node:crypto. */
const newTraceId = (): string => newSpanId() + newSpanId();
const newSpanId = (): string => eightHexDigits() + eightHexDigits();
const eightHexDigits = (): string =>
  Math.floor(Math.random() * 2 ** 32)
    .toString(16)
    .padStart(8, '0');

const traceparentPattern = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;

function parseTraceparent(header = ''): { traceId: string; spanId: string } | undefined {
  const [, traceId, spanId] = traceparentPattern.exec(header) ?? [];
  if (!traceId || !spanId || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId };
}

function parseDeadline(header = ''): number | undefined {
  return /^-?\d{1,9}$/.test(header) ? Number(header) : undefined;
}
