/**
 * The life of an instance: settings → listen → start → ready → registered → serving → draining → gone.
 *
 * main.ts of every service calls runService() with its definition; tests call startService().
 *
 * An instance is registered only when it is fit to serve, and deregistered before it stops serving:
 * whoever still has it in mind gets answers during the grace, with `Connection: close`. So a rolling
 * upgrade loses no request. What nobody expected (an uncaught exception) ends the instance the same
 * way, with exit code 1: its state cannot be trusted any more, but requests in flight can be finished.
 */
import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { Consul } from 'consul';
import type { Express } from 'express';
import type { z } from 'zod';
import type { Authenticator } from './auth/authenticator.ts';
import { connectAuthenticator } from './auth/connect.ts';
import { type BaseSettings, ConfigError, configExitCode, loadSettings } from './config.ts';
import { type App, createApp, type ServingState } from './http/app.ts';
import { createClient, type ServiceClient } from './http/client.ts';
import { createHttpServer, listen } from './http/listen.ts';
import { createLogger, type Logger } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { pause } from './pause.ts';
import { connectConsul } from './registry/consul.ts';
import { createDiscovery } from './registry/discovery.ts';
import type { Registration } from './registry/instances.ts';
import { type Membership, register } from './registry/register.ts';

export interface ServiceDefinition<C extends BaseSettings> {
  name: string;
  /** From defineSettings() in the service's config.ts. */
  settings: z.ZodType<C>;
  /** What HAProxy is to do with it; a service without a route is reached by other services alone. */
  registration?: Registration;
  /** Puts the routes on kit.app and starts whatever else there is. */
  start(kit: ServiceKit<C>): Promise<RunningParts>;
}

export interface ServiceKit<C> {
  settings: Readonly<C>;
  /** This instance's id, never used twice. */
  instance: string;
  log: Logger;
  /** Context, measurement and errors are around it already. */
  app: Express;
  server: Server;
  metrics: Metrics;
  /** For the balancer; others reach services by `client`. */
  consul: Consul;
  client: ServiceClient;
  /** Resolves after the first sync with the tokens service. One and the same at each call. */
  auth(): Promise<Authenticator>;
  /** Aborted when the instance has been drained: loops end by it. */
  signal: AbortSignal;
}

export interface RunningParts {
  /** Resolves when the instance is fit to serve. */
  ready?(): Promise<void>;
  /** Ends what outlives a request, such as open sockets. No request is in flight any more. */
  drain?(): Promise<void>;
  /** Closes what is left: pools, connections. */
  stop?(): Promise<void>;
}

export interface RunningService {
  url: string;
  instance: string;
  /** Drains it; resolves when it is gone. */
  stop(): Promise<void>;
}

/** Requests in flight get this long to be answered; then they are broken off. */
const inFlightMaxMs = 10_000;
/** All of the draining; what hangs longer than this is left behind. */
const drainMaxMs = 30_000;

/** For main.ts: runs the instance until a signal, or what nobody expected, ends it. */
export function runService<C extends BaseSettings>(definition: ServiceDefinition<C>): void {
  let instance: Instance;
  try {
    instance = createInstance(definition, loadSettings(definition.settings));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(configExitCode);
  }

  const end = async (exitCode: number) => {
    setTimeout(() => process.exit(1), drainMaxMs).unref();
    await instance.stop();
    process.exit(exitCode);
  };
  const fail = (error: unknown) => {
    instance.log.fatal({ event: 'instance.failed', err: error }, 'unexpected error');
    end(1).catch(() => process.exit(1));
  };
  process.once('SIGTERM', () => void end(0).catch(fail));
  process.once('SIGINT', () => void end(0).catch(fail));
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  instance.start().catch(fail);
}

/** For tests: resolves when the instance is registered; rejects where runService would have exited. */
export async function startService<C extends BaseSettings>(
  definition: ServiceDefinition<C>,
  environment: NodeJS.ProcessEnv,
): Promise<RunningService> {
  const instance = createInstance(definition, loadSettings(definition.settings, environment));
  try {
    const url = await instance.start();
    return { url, instance: instance.id, stop: instance.stop };
  } catch (error) {
    await instance.stop();
    throw error;
  }
}

interface Instance {
  id: string;
  log: Logger;
  /** Resolves with its URL when it is registered. */
  start(): Promise<string>;
  /** At any moment, and more than once. */
  stop(): Promise<void>;
}

function createInstance<C extends BaseSettings>(
  definition: ServiceDefinition<C>,
  settings: Readonly<C>,
): Instance {
  const { name } = definition;
  const { version, logLevel, host, port, drainGraceMs } = settings;
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
    const kit = createKit({ settings, instance: id, log, app, server, metrics, consul, signal });
    parts = await definition.start(kit);
    app.finish();
    await parts.ready?.();
    state = 'serving';
    log.info({ event: 'instance.ready', port: boundPort }, 'fit to serve');
    const { registration = {} } = definition;
    const startedAt = new Date();
    const place = { id, service: name, program, version, address: host, port: boundPort };
    membership = register(consul, { ...place, startedAt, registration }, log);
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
