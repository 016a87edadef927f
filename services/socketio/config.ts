/** What a socketio instance is told from outside: the base of every service, Redis, and its limits. */
import { defineSettings, internalKey, milliseconds, redisUrl } from '@microflack/common/config.ts';
import { z } from 'zod';

const atMost = (byDefault: number) => z.coerce.number().int().positive().default(byDefault);

export const settings = defineSettings({
  REDIS_URL: redisUrl,
  INTERNAL_KEY: internalKey,
  /** Further origins than the page's own whose pages may connect: a comma list of https://host. */
  SOCKET_ORIGINS: z
    .string()
    .default('')
    .transform((list) => list.split(',').filter((origin) => origin !== ''))
    .pipe(z.array(z.url())),
  SOCKETS_IN_ALL: atMost(10_000),
  SOCKETS_PER_ADDRESS: atMost(1_000),
  /** A page that reloads is away for less than this, and nobody needs to know. */
  PRESENCE_GRACE_MS: milliseconds(2_000),
  /** A third of the lease that the users service gives for a report. */
  PRESENCE_HEARTBEAT_MS: milliseconds(10_000),
});

export type SocketSettings = z.output<typeof settings>;
