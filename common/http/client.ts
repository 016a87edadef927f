/**
 * Calls between services, straight to an instance: kit.client.request({ service: 'users', … }).
 *
 * Instances come from the watched registry, the version by the traffic policy and the request's own
 * baggage, the instance by power of two choices. Each has a breaker, retries have a budget, the remaining time and the trace travel along. Any status is an
 * answer and is returned; what throws is a ServiceError: nobody there (503), or no answer in time
 * (504).
 *
 * Sent again is only what may be: GET, PUT and DELETE, whatever carries an idempotency key, and
 * what was never sent because the connection was refused.
 */
import type { Dispatcher } from 'undici';
import { wishFrom } from '../baggage.ts';
import { assertTimeLeft, boundedMs, currentContext } from '../context.ts';
import { deadlineExceeded, unavailable } from '../errors.ts';
import type { Metrics } from '../metrics.ts';
import type { Discovery } from '../registry/discovery.ts';
import type { Instance } from '../registry/instances.ts';
import { groupsFor } from '../registry/policy.ts';
import { choose } from './choose.ts';
import { createEndpoint, type Endpoint, type RawResponse } from './endpoint.ts';
import { parseBody, rawRequest } from './raw-request.ts';
import { createRetryBudget } from './retry-budget.ts';

export interface ServiceRequest {
  service: string;
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With its query: /api/users/7. */
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
  bearer?: string;
  basic?: { username: string; password: string };
  idempotencyKey?: string;
  /** Adds the key that /internal/* asks for. */
  internal?: boolean;
  /** For all attempts together; what the current request has left is the limit anyway. */
  timeoutMs?: number;
}

export interface ServiceResponse {
  status: number;
  headers: Dispatcher.ResponseData['headers'];
  /** Parsed where it is JSON, else text. The caller parses it with a schema. */
  body: unknown;
}

export interface ServiceClient {
  request(request: ServiceRequest): Promise<ServiceResponse>;
  close(): Promise<void>;
}

export interface ClientOptions {
  discovery: Discovery;
  metrics: Metrics;
  internalKey?: string | undefined;
}

const defaultTimeoutMs = 5_000;
/** For the registry's answer to the first question about a service. */
const discoveryWaitMs = 1_000;
const maxAttempts = 3;

export function createClient({ discovery, metrics, internalKey }: ClientOptions): ServiceClient {
  const endpoints = new Map<string, Endpoint>();
  const budget = createRetryBudget();
  discovery.onChange((ids) => closeLeavers(endpoints, ids));

  /** `draw` is the same for all attempts of a call, so that they go to one version. */
  const pick = async (
    service: string,
    waitMs: number,
    tried: ReadonlySet<Endpoint>,
    draw: () => number,
  ) => {
    const { instances, policy } = await discovery.resolve(service, waitMs);
    const groups = groupsFor(instances, policy, wishFrom(currentContext()?.baggage), draw).map(
      (group) => group.map((instance) => endpointOf(endpoints, instance)),
    );
    if (groups.every(({ length }) => length === 0)) {
      throw unavailable('no_instance', `${service} has no instance`);
    }
    const fresh = groups.map((group) => group.filter((endpoint) => !tried.has(endpoint)));
    for (const candidates of [...fresh, ...groups]) {
      const endpoint = choose(candidates);
      if (endpoint) return endpoint;
    }
    throw unavailable('circuit_open', `every instance of ${service} has been failing`);
  };

  /** Attempts in turn; the last one's outcome is the call's. */
  const attempt = async (request: ServiceRequest): Promise<RawResponse> => {
    const endsAtMs = performance.now() + boundedMs(request.timeoutMs ?? defaultTimeoutMs);
    const repeatable = isRepeatable(request);
    const tried = new Set<Endpoint>();
    const drawn = Math.random();
    for (let left = maxAttempts; ; left -= 1) {
      const restMs = endsAtMs - performance.now();
      if (restMs <= 0) throw deadlineExceeded(`${request.service} did not answer in time`);
      const waitMs = Math.min(discoveryWaitMs, restMs);
      const endpoint = await pick(request.service, waitMs, tried, () => drawn);
      tried.add(endpoint);
      // A frozen instance must leave time to ask another one.
      const timeoutMs = repeatable && left > 1 ? restMs / 2 : restMs;
      const outcome = await settle(endpoint.send(rawRequest(request, timeoutMs, internalKey)));
      const again = left > 1 && mayRepeat(outcome, repeatable) && budget.spend();
      if (again) continue;
      if ('error' in outcome) throw callError(request.service, outcome.error);
      return outcome.response;
    }
  };

  return {
    async request(request) {
      const { service, method, path } = request;
      assertTimeLeft(`${method} ${path} of ${service}`);
      budget.earn();
      try {
        const { status, headers, text } = await attempt(request);
        metrics.calls.inc({ service, outcome: `${Math.floor(status / 100)}xx` });
        return { status, headers, body: parseBody(text, headers['content-type']) };
      } catch (error) {
        metrics.calls.inc({ service, outcome: 'error' });
        throw error;
      }
    },
    async close() {
      await Promise.all([...endpoints.values()].map((endpoint) => endpoint.close()));
    },
  };
}

/** By id and not by address: a port may be given to the next instance, its breaker must not. */
function endpointOf(endpoints: Map<string, Endpoint>, { id, address, port }: Instance): Endpoint {
  const known = endpoints.get(id);
  if (known) return known;
  const endpoint = createEndpoint(`http://${address}:${port}`);
  endpoints.set(id, endpoint);
  return endpoint;
}

function closeLeavers(endpoints: Map<string, Endpoint>, present: ReadonlySet<string>): void {
  for (const [id, endpoint] of endpoints) {
    if (present.has(id)) continue;
    endpoints.delete(id);
    // Waits for what is in flight; what fails there has its own caller to tell.
    void endpoint.close();
  }
}

type Outcome = { response: RawResponse } | { error: unknown };

async function settle(sent: Promise<RawResponse>): Promise<Outcome> {
  try {
    return { response: await sent };
  } catch (error) {
    return { error };
  }
}

function isRepeatable({ method, idempotencyKey }: ServiceRequest): boolean {
  return ['GET', 'PUT', 'DELETE'].includes(method) || idempotencyKey !== undefined;
}

/** Whether another instance may do better, and whether asking it could do something twice. */
function mayRepeat(outcome: Outcome, repeatable: boolean): boolean {
  if ('response' in outcome) return repeatable && [502, 503].includes(outcome.response.status);
  return repeatable || errorCode(outcome.error) === 'ECONNREFUSED';
}

function callError(service: string, error: unknown): Error {
  if (error instanceof Error && error.name === 'TimeoutError') {
    return deadlineExceeded(`${service} did not answer in time`, error);
  }
  return unavailable('upstream_failed', `${service} could not be reached`, error);
}

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
