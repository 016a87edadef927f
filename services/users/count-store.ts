/**
 * Where limits.ts keeps its counts: in Redis, so that all instances count together, and in memory
 * while Redis is away, so that nobody waits for it and nobody guesses without a limit.
 */
import type { Logger } from '@microflack/common/log.ts';
import { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import type { MakeCounter } from './limits.ts';

/** A Redis that does not answer within this is away. */
const commandTimeoutMs = 250;
const connectTimeoutMs = 1_000;
const reconnectMs = 500;

export interface CountStore {
  makeCounter: MakeCounter;
  stop(): Promise<void>;
}

export function createCountStore(url: string, log: Logger): CountStore {
  const redis = new Redis(url, {
    connectTimeout: connectTimeoutMs,
    commandTimeout: commandTimeoutMs,
    maxRetriesPerRequest: 0,
    // Nothing is kept for later: a count that comes late is worth nothing.
    enableOfflineQueue: false,
    retryStrategy: () => reconnectMs,
  });
  let away = false;
  redis.on('error', (error) => {
    if (!away) log.warn({ event: 'redis.lost', err: error }, 'counting in memory');
    away = true;
  });
  redis.on('ready', () => {
    if (away) log.info({ event: 'redis.back' }, 'counting in Redis again');
    away = false;
  });

  return {
    makeCounter(name, points, duration) {
      const keyPrefix = `users:${name}`;
      const insuranceLimiter = new RateLimiterMemory({ keyPrefix, points, duration });
      return new RateLimiterRedis({
        storeClient: redis,
        rejectIfRedisNotReady: true,
        keyPrefix,
        points,
        duration,
        insuranceLimiter,
      });
    },
    async stop() {
      redis.disconnect();
    },
  };
}
