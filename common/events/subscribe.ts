/**
 * Reads the Redis stream, every instance for itself, from the moment of subscribing.
 *
 * It has a connection of its own (reading blocks it). When Redis goes, it comes back by itself and
 * reads on from the last entry it saw; as nobody can tell what was lost or trimmed meanwhile, onGap
 * says so, and the caller asks the owner of the truth for what it may have missed.
 */
import { Redis } from 'ioredis';
import { z } from 'zod';
import type { Logger } from '../log.ts';
import { backoffMs, pause } from '../pause.ts';
import { type MicroflackEvent, parseEvent } from './events.ts';

export interface SubscribeOptions {
  log: Logger;
  stream?: string;
  /** Only what comes from now on; there is no other way, the past is in the databases. */
  from?: 'now';
  onEvent(event: MicroflackEvent): void;
  onGap?(): void;
}

export interface Subscription {
  /** Resolves when the position in the stream is known: from then on nothing is missed. */
  ready: Promise<void>;
  close(): Promise<void>;
}

const blockMs = 2_000;
/** Something comes every blockMs, if only that there is nothing. */
const silenceMs = 4_000;
const connectTimeoutMs = 1_000;
const maxRetryMs = 1_000;
const batch = 500;

const entry = z.tuple([z.string(), z.array(z.string())]);
const entries = z.array(entry);
const reply = z.array(z.tuple([z.string(), entries])).nullable();

export function subscribe(redisUrl: string, options: SubscribeOptions): Subscription {
  const { log, stream = 'events', onEvent, onGap = () => undefined } = options;
  const end = new AbortController();
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  let position: string | undefined;

  /** One connection's life; ends by throwing, or by the signal. */
  const read = async (redis: Redis): Promise<void> => {
    await redis.connect();
    const last = await lastEntry(redis, stream);
    if (position === undefined) resolve();
    else onGap();
    position = earlier(position ?? last, last);
    while (!end.signal.aborted) {
      for (const [id, fields] of await next(redis, stream, position)) {
        position = id;
        const event = parseEvent(fields[1] ?? '');
        if (event) onEvent(event);
        else log.debug({ event: 'events.unknown', id }, 'an event that this release does not know');
      }
    }
  };

  const ended = keepReading(redisUrl, read, log, end.signal);
  return {
    ready,
    async close() {
      end.abort();
      await ended;
    },
  };
}

async function keepReading(
  redisUrl: string,
  read: (redis: Redis) => Promise<void>,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  for (let failures = 0; !signal.aborted; failures += 1) {
    const redis = connection(redisUrl);
    const disconnect = () => redis.disconnect();
    signal.addEventListener('abort', disconnect, { once: true });
    redis.once('ready', () => {
      if (failures > 0) log.info({ event: 'redis.back' }, 'events from Redis again');
      failures = 0;
    });
    // Each failure also rejects what was asked; without a listener ioredis would print it as well.
    redis.on('error', () => undefined);
    try {
      await read(redis);
    } catch (error) {
      if (signal.aborted) return;
      if (failures === 0) log.warn({ event: 'redis.lost', err: error }, 'no events from Redis');
      await pause(backoffMs(failures, maxRetryMs), signal);
    } finally {
      signal.removeEventListener('abort', disconnect);
      redis.disconnect();
    }
  }
}

/** It never reconnects by itself: the position has to be looked at before reading goes on. */
function connection(redisUrl: string): Redis {
  return new Redis(redisUrl, {
    protocol: 2,
    lazyConnect: true,
    connectTimeout: connectTimeoutMs,
    socketTimeout: silenceMs,
    retryStrategy: null,
    maxRetriesPerRequest: 0,
  });
}

async function next(redis: Redis, stream: string, position: string) {
  const answer = await redis.xread('COUNT', batch, 'BLOCK', blockMs, 'STREAMS', stream, position);
  return reply.parse(answer)?.[0]?.[1] ?? [];
}

async function lastEntry(redis: Redis, stream: string): Promise<string> {
  const [last] = entries.parse(await redis.xrevrange(stream, '+', '-', 'COUNT', 1));
  return last?.[0] ?? '0-0';
}

/**
 * A Redis that lost its tail, or all, has a last entry before ours. Waiting for one after
 * ours would be waiting for the clock. Ids are MILLISECONDS-NUMBER.
 */
export function earlier(a: string, b: string): string {
  const [aMs = 0, aNumber = 0] = a.split('-').map(Number);
  const [bMs = 0, bNumber = 0] = b.split('-').map(Number);
  return aMs < bMs || (aMs === bMs && aNumber <= bNumber) ? a : b;
}
