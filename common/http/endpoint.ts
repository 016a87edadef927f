/**
 * One instance as a caller sees it: its connections, what is in flight to it, and its breaker.
 *
 * client.ts makes one when it first calls an instance and closes it when the instance has left the
 * registry. An answer of any status is an answer; only the breaker minds the 5xx.
 */
import {
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleAll,
} from 'cockatiel';
import { type Dispatcher, Pool } from 'undici';
import type { Candidate } from './choose.ts';

export interface RawRequest {
  method: Dispatcher.HttpMethod;
  path: string;
  headers: Record<string, string>;
  body: string | null;
  timeoutMs: number;
}

export interface RawResponse {
  status: number;
  headers: Dispatcher.ResponseData['headers'];
  text: string;
}

export interface Endpoint extends Candidate {
  send(request: RawRequest): Promise<RawResponse>;
  close(): Promise<void>;
}

/** Failures in a row after which an instance gets no calls for a while. */
const breakAfterFailures = 5;
const halfOpenAfterMs = 2_000;
const maxConnections = 64;
const connectTimeoutMs = 1_000;
/** Below the servers' 75 s (service.ts): the side that sends must be the one that closes. */
const keepAliveMs = 30_000;
const maxResponseBytes = 8 * 1024 * 1024;

export function createEndpoint(origin: string): Endpoint {
  const pool = new Pool(origin, {
    connections: maxConnections,
    connect: { timeout: connectTimeoutMs },
    keepAliveTimeout: keepAliveMs,
    maxResponseSize: maxResponseBytes,
  });
  const breaker = circuitBreaker(handleAll.orWhenResult(isServerFault), {
    halfOpenAfter: halfOpenAfterMs,
    breaker: new ConsecutiveBreaker(breakAfterFailures),
  });
  let brokenAtMs = 0;
  breaker.onBreak(() => {
    brokenAtMs = performance.now();
  });

  return {
    inFlight: 0,
    get available() {
      return isAvailable(breaker, performance.now() - brokenAtMs);
    },
    async send(request) {
      this.inFlight += 1;
      try {
        return await breaker.execute(() => exchange(pool, request));
      } finally {
        this.inFlight -= 1;
      }
    },
    close: () => pool.close(),
  };
}

/** Half open means that one call is trying it just now; the others had better go elsewhere. */
function isAvailable({ state }: CircuitBreakerPolicy, brokenForMs: number): boolean {
  if (state === CircuitState.Open) return brokenForMs >= halfOpenAfterMs;
  return state === CircuitState.Closed;
}

/** 504 is the caller's own impatience: its deadline had passed. */
function isServerFault(result: unknown): boolean {
  const { status } = result as RawResponse;
  return status >= 500 && status !== 504;
}

async function exchange(pool: Pool, request: RawRequest): Promise<RawResponse> {
  const { method, path, headers, body, timeoutMs } = request;
  const signal = AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs)));
  const response = await pool.request({ method, path, headers, body, signal });
  return {
    status: response.statusCode,
    headers: response.headers,
    text: await response.body.text(),
  };
}
