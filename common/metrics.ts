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

/** From half a millisecond to five seconds: a chat's answers are expected in the first third. */
const httpBucketsSeconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

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
