/** What a popularity instance is told from outside: the base of every service, its database, Redis, and its patience. */
import { defineSettings, milliseconds, mysqlUrl, redisUrl } from '@microflack/common/config.ts';
import type { z } from 'zod';

export const settings = defineSettings({
  MYSQL_URL: mysqlUrl,
  REDIS_URL: redisUrl,
  /** Events are hints and may be lost: so often an instance looks for what is new without one. */
  LOOK_INTERVAL_MS: milliseconds(10_000),
});

export type PopularitySettings = z.output<typeof settings>;
