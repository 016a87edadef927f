/** What a messages instance is told from outside: the base of every service, its database, Redis, and its patience. */
import {
  defineSettings,
  internalKey,
  milliseconds,
  mysqlUrl,
  redisUrl,
} from '@microflack/common/config.ts';
import { z } from 'zod';

/** 127.0.0.1:8080,127.0.0.1:8081 */
const hostsAndPorts = z
  .string()
  .regex(/^[\w.-]+:\d{1,5}(?:,[\w.-]+:\d{1,5})*$/)
  .transform((list) => new Set(list.split(',')));

export const settings = defineSettings({
  MYSQL_URL: mysqlUrl,
  REDIS_URL: redisUrl,
  /** For what the tokens service tells other services alone. */
  INTERNAL_KEY: internalKey,
  BEACON_INTERVAL_MS: milliseconds(1_000),
  /** How often an instance looks for links that another one left behind. */
  LINKS_SWEEP_INTERVAL_MS: milliseconds(30_000),
  /** For tests alone: host:port pairs that the link fetcher may read although they are not public. */
  LINKS_EXEMPT: hostsAndPorts.default(() => new Set<string>()),
});

export type MessagesSettings = z.output<typeof settings>;
