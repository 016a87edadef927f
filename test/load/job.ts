/**
 * What a load process is asked to do and what it answers: checked at both ends, as it crosses from one process to
 * another. load.ts asks, main.ts does it.
 */
import { z } from 'zod';

export const job = z.object({
  url: z.string(),
  /** Whoever posts. */
  token: z.string(),
  /** In every message, and in no other of the room. */
  word: z.string(),
  requestsPerSecond: z.number(),
  /** No post has an Idempotency-Key: nobody on its way may send it twice. */
  keyless: z.boolean(),
  sockets: z.number(),
  /** It ends by itself after this, whoever has forgotten it. */
  atMostMs: z.number(),
});

/** The only thing a load process is told while it works: to come to an end. */
export const stopWord = 'stop';

/** One that was not answered as it should have been. */
export const failure = z.object({
  /** When it was sent, by the machine's clock. */
  sentAt: z.number(),
  what: z.string(),
  /** On a connection of its own. */
  fresh: z.boolean(),
  /** A status, or what became of the connection. */
  got: z.string(),
  tookMs: z.number(),
});

const requests = z.object({
  sent: z.number(),
  failed: z.number(),
  /** The first of those that failed. */
  failures: z.array(failure),
  /** When the last one of them was sent; 0 where there is none. */
  lastFailureAt: z.number(),
  p50Ms: z.number(),
  p99Ms: z.number(),
  slowestMs: z.number(),
});

export const report = z.object({
  seconds: z.number(),
  requests,
  messages: z.object({
    acknowledged: z.number(),
    /** Acknowledged, and not in the room. */
    lost: z.array(z.string()),
    /** More than once in the room. */
    doubled: z.array(z.string()),
    /** In the room before one that was acknowledged before it was sent; or told of when a socket's cursor was past it. */
    outOfOrder: z.array(z.string()),
    /** In the room, and not heard by every socket: how many times. */
    unheard: z.number(),
  }),
  sockets: z.object({
    /** Open at the end. */
    open: z.number(),
    /** How often one of them had to come back. */
    returns: z.number(),
    /** Closed without having been asked to move first. */
    torn: z.number(),
    longestAwayMs: z.number(),
    catchUps: z.number(),
    failedCatchUps: z.number(),
    /** Catch-ups that brought what was known already. */
    fullReloads: z.number(),
  }),
});

export const news = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('progress'), answered: z.number() }),
  z.object({ kind: z.literal('report'), report }),
]);

export type Job = z.infer<typeof job>;
export type Failure = z.infer<typeof failure>;
export type Report = z.infer<typeof report>;
export type News = z.infer<typeof news>;
