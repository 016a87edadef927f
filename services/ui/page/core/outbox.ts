/**
 * Messages that were written and not yet acknowledged: a pure reducer. An entry keeps its key (the Idempotency-Key)
 * from the first attempt to the last, so that however often it is sent it is in the room once. Used by the post office.
 *
 * They go out one at a time, in the order in which they were written: who says two things in a row is heard in that order.
 * An entry leaves by an acknowledgement, or because its writer discards it; one that was refused waits for its writer,
 * and does not hold up the others. Refuses to give up by itself.
 */
import * as z from 'zod/mini';

export const outboxEntryModel = z.object({
  key: z.string(),
  room: z.string(),
  source: z.string(),
  /** Milliseconds since 1970. */
  writtenAt: z.number(),
});

/** What is kept across a reload; the rest is about this page's own attempts. */
export type Letter = z.infer<typeof outboxEntryModel>;

export interface OutboxEntry extends Letter {
  readonly state: 'waiting' | 'sending' | 'refused';
  readonly tries: number;
  /** Not to be tried before (milliseconds of `uptimeMs`). */
  readonly notBefore: number;
  /** Why the last attempt failed, in words for its writer. */
  readonly trouble?: string;
}

export type Outbox = readonly OutboxEntry[];

export type OutboxEvent =
  | { type: 'written'; letter: Letter; notBefore?: number }
  | { type: 'sending'; key: string }
  | { type: 'delivered'; key: string }
  | { type: 'postponed'; key: string; now: number; trouble: string; waitMs?: number }
  | { type: 'refused'; key: string; trouble: string }
  | { type: 'retried'; key: string }
  | { type: 'discarded'; key: string }
  | { type: 'hurried'; now: number };

const firstPauseMs = 1000;
const longestPauseMs = 15_000;

export function reduceOutbox(outbox: Outbox, event: OutboxEvent): Outbox {
  switch (event.type) {
    case 'written': {
      if (outbox.some((entry) => entry.key === event.letter.key)) return outbox;
      const notBefore = event.notBefore ?? 0;
      const entry: OutboxEntry = { ...event.letter, state: 'waiting', tries: 0, notBefore };
      return [...outbox, entry].sort((a, b) => a.writtenAt - b.writtenAt);
    }
    case 'sending':
      return change(outbox, event.key, (entry) => ({
        ...entry,
        state: 'sending',
        tries: entry.tries + 1,
      }));
    case 'delivered':
    case 'discarded':
      return outbox.filter((entry) => entry.key !== event.key);
    case 'postponed':
      return change(outbox, event.key, (entry) => ({
        ...entry,
        state: 'waiting',
        trouble: event.trouble,
        notBefore: event.now + (event.waitMs ?? pauseAfter(entry.tries)),
      }));
    case 'refused':
      return change(outbox, event.key, (entry) => ({
        ...entry,
        state: 'refused',
        trouble: event.trouble,
      }));
    case 'retried':
      return change(outbox, event.key, (entry) => ({ ...entry, state: 'waiting', notBefore: 0 }));
    case 'hurried':
      return outbox.map((entry) => ({
        ...entry,
        notBefore: Math.min(entry.notBefore, event.now + firstPauseMs),
      }));
  }
}

/** The entry that is next, and when; nothing while one is on its way or where none can go. */
export function nextLetter(outbox: Outbox): OutboxEntry | undefined {
  if (outbox.some((entry) => entry.state === 'sending')) return undefined;
  return outbox.find((entry) => entry.state === 'waiting');
}

export function pauseAfter(tries: number): number {
  return Math.min(longestPauseMs, firstPauseMs * 2 ** Math.max(0, tries - 1));
}

function change(outbox: Outbox, key: string, update: (entry: OutboxEntry) => OutboxEntry): Outbox {
  return outbox.map((entry) => (entry.key === key ? update(entry) : entry));
}
