/** What a tokens instance is told from outside: the base of every service, its database, Redis, and its keys. */
import {
  defineSettings,
  internalKey,
  milliseconds,
  mysqlUrl,
  redisUrl,
} from '@microflack/common/config.ts';
import type { z } from 'zod';
import { signingKeys } from './keys.ts';

export const settings = defineSettings({
  MYSQL_URL: mysqlUrl,
  REDIS_URL: redisUrl,
  INTERNAL_KEY: internalKey,
  /** The first signs, all of them verify. No other service's settings hold them. */
  TOKEN_SIGNING_KEYS: signingKeys,
  /** How long the users service may take to check a password, its queue included. */
  SIGN_IN_TIMEOUT_MS: milliseconds(5_000),
  PURGE_INTERVAL_MS: milliseconds(600_000),
});

export type TokensSettings = z.output<typeof settings>;
