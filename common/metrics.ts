/**
 * What Prometheus may ask an instance for, served as GET /metrics by http/server.ts.
 *
 * One registry an instance and none for the process: tests run several instances in one process.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export interface Metrics {
  registry: Registry;
  /** Seconds from the first byte of a request to the last of its answer. */
  httpSeconds: Histogram<'method' | 'route' | 'status'>;
  httpInFlight: Gauge;
  /** Calls to other services by what became of them: a status class (2xx), or error. */
  calls: Counter<'service' | 'outcome'>;
}

/**
 * From half a millisecond to 5.6 s: a chat's answers are expected in the first third. Each bound is
 * one and a half of the one before, so that a canary can tell a version that is slower by as much.
 */
export const httpBucketsSeconds = Array.from({ length: 24 }, (_, at) =>
  Number((0.0005 * 1.5 ** at).toPrecision(3)),
);

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    httpSeconds: new Histogram({
      name: 'http_server_seconds',
      help: 'Duration of requests',
      labelNames: ['method', 'route', 'status'],
      buckets: httpBucketsSeconds,
      registers,
    }),
    httpInFlight: new Gauge({
      name: 'http_server_in_flight',
      help: 'Requests being answered',
      registers,
    }),
    calls: new Counter({
      name: 'service_calls_total',
      help: 'Calls to other services',
      labelNames: ['service', 'outcome'],
      registers,
    }),
  };
}
