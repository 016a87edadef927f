/**
 * Sends events to the Redis stream: after the commit, before the acknowledgement.
 *
 * It never throws and never makes anybody wait for a Redis that is away: the event is then lost,
 * which is allowed (events.ts), and who sends beacons does so again when told by onReconnect().
 */
import { Redis } from 'ioredis';
import type { Logger } from '../log.ts';
import { type MicroflackEvent, streamOf } from './events.ts';

export interface Publisher {
  /** All in one round trip, in this order; false when Redis did not take them. */
  publish(events: readonly MicroflackEvent[]): Promise<boolean>;
  /** Called each time Redis can be reached (again), the first time included. */
  onReconnect(listener: () => void): void;
  close(): Promise<void>;
}

/** About this many entries are kept for instances that were away; beacons heal what is older. */
const keptEntries = 10_000;
/** A frozen Redis holds up one post for this long, and no other until it answers again. */
const commandTimeoutMs = 500;
const connectTimeoutMs = 1_000;
const maxRetryMs = 1_000;

export function createPublisher(
  redisUrl: string,
  log: Logger,
  { stream = 'events' }: { stream?: string } = {},
): Publisher {
  const listeners: (() => void)[] = [];
  const redis = new Redis(redisUrl, {
    protocol: 2,
    connectTimeout: connectTimeoutMs,
    commandTimeout: commandTimeoutMs,
    retryStrategy: (times) => Math.min(maxRetryMs, 50 * times),
    // Both would keep events for later and deliver them when nobody waits for them any more.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
  });
  logOutages(redis, log);
  redis.on('ready', () => {
    for (const listener of listeners) listener();
  });

  return {
    async publish(events) {
      if (events.length === 0) return true;
      if (redis.status !== 'ready') return false;
      const pipeline = redis.pipeline();
      for (const event of events) {
        const to = streamOf(stream, event.type);
        pipeline.xadd(to, 'MAXLEN', '~', keptEntries, '*', 'e', JSON.stringify(event));
      }
      try {
        const error = (await pipeline.exec())?.find(([failure]) => failure)?.[0];
        if (!error) return true;
        log.warn({ event: 'events.refused', err: error }, 'events were not published');
      } catch (error) {
        log.warn({ event: 'events.refused', err: error }, 'events were not published');
      }
      // Frozen or gone: from now on publishing fails at once, until a new connection stands.
      redis.disconnect(true);
      return false;
    },
    onReconnect(listener) {
      listeners.push(listener);
    },
    async close() {
      redis.disconnect();
    },
  };
}

/** One line when it goes and one when it is back, and not one for each attempt in between. */
function logOutages(redis: Redis, log: Logger): void {
  let away = false;
  redis.on('error', (error) => {
    if (!away) log.warn({ event: 'redis.lost', err: error }, 'no connection to Redis');
    away = true;
  });
  redis.on('ready', () => {
    if (away) log.info({ event: 'redis.back' }, 'connected to Redis again');
    away = false;
  });
}
