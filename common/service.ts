/**
 * What a service is made of, and how it is run: main.ts calls runService(), tests call
 * startService().
 *
 * A service describes itself (name, settings, what HAProxy is to do with it) and starts its parts;
 * all that instances have in common is done for it in instance.ts. What nobody expected, such as an
 * uncaught exception, ends an instance as a signal does, with exit code 1: its state cannot be
 * trusted any more, but requests in flight can be finished.
 */
import type { Server } from 'node:http';
import type Consul from 'consul';
import type { Express } from 'express';
import type { z } from 'zod';
import type { Authenticator } from './auth/authenticator.ts';
import { type BaseSettings, ConfigError, configExitCode, loadSettings } from './config.ts';
import type { ServiceClient } from './http/client.ts';
import { createInstance, type Instance } from './instance.ts';
import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { Registration } from './registry/instances.ts';
import { ownDifferences } from './release-manifest.ts';

export interface ServiceDefinition<C extends BaseSettings> {
  name: string;
  /** From defineSettings() in the service's config.ts. */
  settings: z.ZodType<C>;
  /**
   * What HAProxy is to do with it; a service without a route is reached by other services alone.
   */
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

/** All of the draining; what hangs longer than this is left behind. */
const drainMaxMs = 30_000;

/**
 * For main.ts: runs the instance until a signal, or what nobody expected, ends it. What would not
 * work the next time either (an edited release, wrong settings) is told on stderr, and ends with 78.
 */
export async function runService<C extends BaseSettings>(
  definition: ServiceDefinition<C>,
): Promise<void> {
  const edited = await ownDifferences(import.meta);
  if (edited.length > 0) {
    const why = `${import.meta.dirname} is not what was built: ${edited.join(', ')}`;
    refuseToStart(`${why} · next: mf releases`);
  }
  let instance: Instance;
  try {
    instance = createInstance(definition, loadSettings(definition.settings));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    refuseToStart(error.message);
  }

  let ending = false;
  const end = async (exitCode: number) => {
    ending = true;
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
  instance.start().catch((error: unknown) => {
    // A start that was broken off by a signal has not failed.
    if (!ending) fail(error);
  });
}

function refuseToStart(why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(configExitCode);
}

/**
 * For tests: resolves when the instance is registered; rejects where runService would have exited.
 */
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
