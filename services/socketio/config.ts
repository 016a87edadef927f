/** What a socketio instance is told from outside: the base of every service, Redis, and its limits. */
import { defineSettings, internalKey, redisUrl } from '@microflack/common/config.ts';
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
});

export type SocketSettings = z.output<typeof settings>;
