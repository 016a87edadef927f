/** What lb is told from outside: the base of every service, and where its HAProxy is. */
import { defineSettings } from '@microflack/common/config.ts';
import { z } from 'zod';

/** These are written into HAProxy's configuration, between quotes. */
const path = z.string().regex(/^\/[^'"\\\p{Cc}]+$/u, 'expected an absolute path without quotes');
const letters = z.string().regex(/^[A-Za-z0-9_-]{8,128}$/, 'expected 8 letters or more');
const endpoint = z
  .string()
  .regex(/^(\*|[\d.]+|\[[0-9a-fA-F:]+\]):\d{1,5}$/, 'expected ADDRESS:PORT');

export const settings = defineSettings({
  HAPROXY_BIN: path,
  /** The file that HAProxy was started with, in a folder where lb may write. */
  HAPROXY_CONFIG: path,
  HAPROXY_RUNTIME_SOCKET: path,
  HAPROXY_MASTER_SOCKET: path,
  /** Where the world comes in: 0.0.0.0:8080 */
  HAPROXY_PUBLIC: endpoint,
  /** Statistics and metrics: 127.0.0.1:8081 */
  HAPROXY_STATS: endpoint,
  HAPROXY_STATS_PASSWORD: letters,
  /** Seals what lets somebody choose a version for their own requests. */
  TRAFFIC_KEY: letters,
});

export type LbSettings = z.output<typeof settings>;
