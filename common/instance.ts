/**
 * The life of an instance: listen → start → ready → registered → serving → draining → gone.
 *
 * It is registered only when it is fit to serve, and deregistered before it stops serving: whoever
 * still has it in mind gets answers during the grace, with `Connection: close`. So a rolling
 * upgrade loses no request. service.ts decides when it begins and ends.
 */
import { randomBytes } from 'node:crypto';
import type { Authenticator } from './auth/authenticator.ts';
import { connectAuthenticator } from './auth/connect.ts';
import type { BaseSettings } from './config.ts';
import { type App, createApp, type ServingState } from './http/app.ts';
import { createClient } from './http/client.ts';
import { createHttpServer, listen } from './http/listen.ts';
import { createLogger, type Logger } from './log.ts';
import { createMetrics } from './metrics.ts';
import { pause } from './pause.ts';
import { connectConsul } from './registry/consul.ts';
import { createDiscovery } from './registry/discovery.ts';
import { type Membership, register } from './registry/register.ts';
import type { RunningParts, ServiceDefinition, ServiceKit } from './service.ts';

/** Requests in flight get this long to be answered; then they are broken off. */
const inFlightMaxMs = 10_000;

export interface Instance {
  id: string;
  log: Logger;
  /** Resolves with its URL when it is registered. */
  start(): Promise<string>;
  /** At any moment, and more than once. */
  stop(): Promise<void>;
}

export function createInstance<C extends BaseSettings>(
  definition: ServiceDefinition<C>,
  settings: Readonly<C>,
): Instance {
  const { name } = definition;
  const { version, audience, logLevel, host, port, drainGraceMs } = settings;
  const program = settings.program ?? name;
  const id = `${program}-${randomBytes(4).toString('hex')}`;
  const log = createLogger({ service: name, version, instance: id, level: logLevel });
  const metrics = createMetrics();
  const end = new AbortController();
  const { signal } = end;
  let state: ServingState = 'starting';
  const app = createApp({ log, metrics, state: () => state });
  const server = createHttpServer(app.app);
  const consul = connectConsul(settings);
  let parts: RunningParts = {};
  let membership: Membership | undefined;
  let stopped: Promise<void> | undefined;

  const start = async () => {
    const boundPort = await listen(server, host, port);
    log.info({ event: 'instance.started', port: boundPort }, 'starting');
    const kit = createKit({ settings, instance: id, log, app, server, metrics, consul, signal });
    parts = await definition.start(kit);
    app.finish();
    await parts.ready?.();
    // Stopped meanwhile: then it must not appear in the registry any more.
    signal.throwIfAborted();
    state = 'serving';
    log.info({ event: 'instance.ready', port: boundPort }, 'ready');
    const { registration = {} } = definition;
    const startedAt = new Date();
    const place = { id, service: name, program, version, address: host, port: boundPort };
    membership = register(consul, { ...place, startedAt, registration, audience }, log);
    await membership.known;
    return `http://${host}:${boundPort}`;
  };

  const stop = async () => {
    state = 'draining';
    log.info({ event: 'drain.started' }, 'draining');
    if (membership) {
      await membership.leave();
      await pause(drainGraceMs, signal);
    }
    server.close();
    await requestsDone(app);
    await parts.drain?.();
    end.abort();
    await parts.stop?.();
    server.closeAllConnections();
    log.info({ event: 'drain.done' }, 'gone');
  };

  return {
    id,
    log,
    start,
    stop() {
      stopped ??= stop();
      return stopped;
    },
  };
}

interface KitParts<C> extends Omit<ServiceKit<C>, 'app' | 'client' | 'auth'> {
  app: App;
}

function createKit<C extends BaseSettings>({ app, ...parts }: KitParts<C>): ServiceKit<C> {
  const { settings, consul, metrics, log, signal } = parts;
  const { internalKey, redisUrl, eventsStream: stream } = settings;
  const discovery = createDiscovery(consul, { signal, log });
  const client = createClient({ discovery, metrics, internalKey });
  signal.addEventListener('abort', () => void client.close(), { once: true });
  let auth: Promise<Authenticator> | undefined;
  return {
    ...parts,
    app: app.app,
    client,
    auth() {
      auth ??= connectAuthenticator({ client, redisUrl, stream, log, signal });
      return auth;
    },
  };
}

async function requestsDone(app: App): Promise<void> {
  const patience = AbortSignal.timeout(inFlightMaxMs);
  while (app.inFlight() > 0 && !patience.aborted) await pause(10, patience);
}
