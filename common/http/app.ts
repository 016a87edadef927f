/**
 * The Express app around a service's routes: context, measurement, health, and every error as one
 * answer.
 *
 * service.ts makes it, hands `app` to the service for its routes, and closes it with finish(). This
 * is the hot path: a request costs one context and one observation here, and no log line unless it
 * fails.
 */
import type { ServerResponse } from 'node:http';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import { assertTimeLeft, contextFrom, deadlineHeader, runWithContext } from '../context.ts';
import { notFound, ServiceError, toAnswer, toServiceError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';

/** Serving is the only state in which /healthz says 200. */
export type ServingState = 'starting' | 'serving' | 'draining';

export interface AppOptions {
  log: Logger;
  metrics: Metrics;
  state(): ServingState;
}

export interface App {
  app: Express;
  /** Requests that came and are not answered yet; health checks and metrics do not count. */
  inFlight(): number;
  /** To be called when all routes are there: answers what no route took, and every error. */
  finish(): void;
}

export function createApp({ log, metrics, state }: AppOptions): App {
  const app = express();
  app.disable('x-powered-by');
  // Hashing every answer costs more than it saves: models are small and change.
  app.disable('etag');
  // HAProxy is on this machine and says in X-Forwarded-For who is asking.
  app.set('trust proxy', 'loopback');

  let inFlight = 0;
  const gauge = (change: number) => {
    inFlight += change;
    metrics.httpInFlight.set(inFlight);
  };

  app.get('/healthz', healthHandler(state));
  app.get('/metrics', metricsHandler(metrics));
  app.use(observe({ log, metrics, state }, gauge));

  return {
    app,
    inFlight: () => inFlight,
    finish() {
      app.use((request) => {
        throw notFound(request.path);
      });
      app.use(answerError(log));
    },
  };
}

function sendError(response: ServerResponse, thrown: unknown): void {
  const { status, contentType, headers, body } = toAnswer(thrown);
  response.writeHead(status, { 'content-type': contentType, ...headers });
  response.end(JSON.stringify(body));
}

function healthHandler(state: () => ServingState): RequestHandler {
  return (_request, response) => {
    const now = state();
    const serving = now === 'serving';
    response.status(serving ? 200 : 503).json({ status: serving ? 'ok' : now });
  };
}

function metricsHandler({ registry }: Metrics): RequestHandler {
  return async (_request, response) => {
    response.setHeader('content-type', registry.contentType);
    response.end(await registry.metrics());
  };
}

/**
 * Opens the request's context, refuses work that nobody waits for any more, and measures the rest.
 */
function observe(options: AppOptions, gauge: (change: number) => void): RequestHandler {
  const { log, metrics, state } = options;
  return (request, response, next) => {
    const startedAt = performance.now();
    const context = contextFrom({
      traceparent: request.get('traceparent'),
      baggage: request.get('baggage'),
      deadlineMs: request.get(deadlineHeader),
    });
    gauge(+1);
    // Not 'finish': a caller that hangs up must be counted out as well.
    response.once('close', () => {
      gauge(-1);
      const ms = performance.now() - startedAt;
      const route = request.route ? request.baseUrl + request.route.path : 'unmatched';
      const { method } = request;
      const { statusCode: status } = response;
      metrics.httpSeconds.observe({ method, route, status }, ms / 1000);
      if (log.isLevelEnabled('debug')) {
        const trace = context.traceId;
        log.debug({ event: 'http.request', trace, method, route, status, ms }, 'answered');
      }
    });
    // A connection that is kept alive would go on bringing requests to an instance that leaves.
    if (state() === 'draining') response.setHeader('connection', 'close');
    runWithContext(context, () => {
      assertTimeLeft(request.method);
      next();
    });
  };
}

/** The one place where an error becomes an answer. Express knows it by its four parameters. */
function answerError(log: Logger): ErrorRequestHandler {
  return (thrown: unknown, request, response, _next) => {
    const error = toServiceError(fromExpress(thrown));
    const { code, status } = error;
    const fields = {
      event: 'http.failed',
      method: request.method,
      path: request.path,
      code,
      status,
    };
    if (code === 'internal') log.error({ ...fields, err: error.cause }, 'unexpected error');
    else if (status >= 500) log.warn({ ...fields, detail: error.detail }, 'refused');
    // Half an answer is out already: only breaking it off tells the caller that it is not whole.
    if (response.headersSent) response.destroy();
    else sendError(response, error);
  };
}

/**
 * Express's own errors (a path that cannot be decoded) carry a status; 4xx is the caller's fault.
 */
function fromExpress(thrown: unknown): unknown {
  if (thrown instanceof ServiceError || !(thrown instanceof Error)) return thrown;
  const status = 'status' in thrown ? thrown.status : undefined;
  if (typeof status !== 'number' || status < 400 || status > 499) return thrown;
  return new ServiceError({ status, code: 'bad_request', detail: thrown.message, cause: thrown });
}
