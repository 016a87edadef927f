/**
 * What a load process is asked to do, and what it answers: checked at both ends, as it crosses from one
 * process to another. main.ts of this folder does them; ../run-load.ts asks.
 */
import { z } from 'zod';

const load = z.object({
  lanes: z.number(),
  warmUpMs: z.number(),
  measureMs: z.number(),
  /** At this pace in all, where it is not to be as fast as possible. */
  perSecond: z.number().exactOptional(),
});

export const job = z.discriminatedUnion('kind', [
  /** Messages over REST, one token a lane. */
  z.object({ kind: z.literal('posts'), url: z.string(), tokens: z.array(z.string()), load }),
  /** One path again and again. */
  z.object({ kind: z.literal('reads'), url: z.string(), path: z.string(), load }),
  /** A new person each time: registered, then signed in. */
  z.object({ kind: z.literal('sign-ins'), url: z.string(), load }),
  /** Bare single-row inserts: the ceiling of the posts. */
  z.object({ kind: z.literal('inserts'), mysqlUrl: z.string(), load }),
  /** Messages posted to `postUrl` at a steady pace, and when each socket at `socketsUrl` has them. */
  z.object({
    kind: z.literal('fan-out'),
    socketsUrl: z.string(),
    postUrl: z.string(),
    token: z.string(),
    sockets: z.number(),
    perSecond: z.number(),
    warmUpMs: z.number(),
    measureMs: z.number(),
  }),
]);

export const result = z.object({
  count: z.number(),
  perSecond: z.number(),
  p50Ms: z.number(),
  p99Ms: z.number(),
});

export type Job = z.infer<typeof job>;
export type JobOf<Kind extends Job['kind']> = Extract<Job, { kind: Kind }>;
