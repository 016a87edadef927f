/** What a users instance is told from outside: the base of every service, its database, Redis, and its limits. */
import { availableParallelism } from 'node:os';
import {
  defineSettings,
  internalKey,
  milliseconds,
  mysqlUrl,
  redisUrl,
} from '@microflack/common/config.ts';
import { z } from 'zod';

const count = (byDefault: number) => z.coerce.number().int().positive().default(byDefault);

export const settings = defineSettings({
  MYSQL_URL: mysqlUrl,
  REDIS_URL: redisUrl,
  INTERNAL_KEY: internalKey,
  /** Threads for bcrypt. They run at low priority, so that all cores may hash (README.md has the measurement). */
  HASH_WORKERS: count(availableParallelism()),
  /** Passwords that may wait for a thread; at 25 a second the last one waits for two seconds and a half. */
  HASH_QUEUE: count(64),
  /** Generous: a whole classroom shares one address. */
  REGISTRATIONS_PER_MINUTE: count(300),
  SIGN_IN_FAILURES_PER_ACCOUNT: count(10),
  SIGN_IN_FAILURES_PER_NETWORK: count(100),
  /** How long a socketio instance's report holds; it reports every 10 s. */
  PRESENCE_LEASE_MS: milliseconds(30_000),
  /** How long PUT /api/users/me and a sign-in hold. */
  REST_LEASE_MS: milliseconds(60_000),
  SWEEP_INTERVAL_MS: milliseconds(1_000),
});

export type UsersSettings = z.output<typeof settings>;
