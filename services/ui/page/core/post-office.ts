/**
 * Sends what is written until it is acknowledged: the outbox with its I/O. Unsent letters are kept on the shelf, one name each,
 * so that they survive a reload and no tab overwrites another's. Another tab's letter is shown at once and sent
 * from here only when that tab has had its time: by its key it is in the room once however many tabs send it.
 * Used by the chat. Refuses to drop a letter that was neither acknowledged nor discarded.
 */
import { ApiError } from './api.ts';
import type { Message } from './models.ts';
import {
  type Letter,
  nextLetter,
  type Outbox,
  type OutboxEntry,
  type OutboxEvent,
  outboxEntryModel,
  reduceOutbox,
} from './outbox.ts';
import type { Shelf } from './shelf.ts';
import type { Store } from './store.ts';
import { uptimeMs } from './uptime.ts';
import { createWorker } from './worker.ts';

export type PostOffice = ReturnType<typeof createPostOffice>;

interface PostOfficeOptions {
  readonly userId: number;
  readonly outbox: Store<Outbox>;
  readonly shelf: Shelf;
  readonly send: (entry: OutboxEntry) => Promise<Message>;
  readonly onDelivered: (message: Message) => void;
}

const adoptAfterMs = 10_000;

export function createPostOffice({ userId, outbox, shelf, send, onDelivered }: PostOfficeOptions) {
  const prefix = `outbox.${userId}.`;
  const feed = (event: OutboxEvent) => outbox.update((entries) => reduceOutbox(entries, event));

  async function sendNext(): Promise<number | undefined> {
    const entry = nextLetter(outbox.get());
    if (!entry) return undefined;
    const wait = entry.notBefore - uptimeMs();
    if (wait > 0) return wait;
    const { key } = entry;
    feed({ type: 'sending', key });
    try {
      const message = await send({ ...entry, tries: entry.tries + 1 });
      onDelivered(message);
      settle(key, 'delivered');
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      feed(outcomeOf(error, key));
    }
    return 0;
  }

  const worker = createWorker(sendNext);

  function settle(key: string, type: 'delivered' | 'discarded'): void {
    shelf.remove(prefix + key);
    feed({ type, key });
    worker.wake();
  }

  function adopt(afterMs: number): void {
    for (const name of shelf.names(prefix)) {
      const letter = shelf.read(name, outboxEntryModel);
      if (letter) feed({ type: 'written', letter, notBefore: uptimeMs() + afterMs });
    }
    worker.wake();
  }

  const unwatch = shelf.watch((name) => {
    if (!name.startsWith(prefix)) return;
    if (shelf.read(name, outboxEntryModel)) adopt(adoptAfterMs);
    else feed({ type: 'discarded', key: name.slice(prefix.length) });
  });
  adopt(0);

  return {
    write(room: string, source: string): void {
      const letter: Letter = { key: randomKey(), room, source, writtenAt: Date.now() };
      shelf.write(prefix + letter.key, letter);
      feed({ type: 'written', letter });
      worker.wake();
    },
    /** A push brought one of our own: that is an acknowledgement too. */
    arrived(message: Message): void {
      const { key, user_id } = message;
      if (key === undefined || user_id !== userId) return;
      if (outbox.get().some((entry) => entry.key === key)) settle(key, 'delivered');
    },
    retry(key: string): void {
      feed({ type: 'retried', key });
      worker.hurry();
    },
    discard: (key: string) => settle(key, 'discarded'),
    hurry(): void {
      feed({ type: 'hurried', now: uptimeMs() });
      worker.hurry();
    },
    stop(): void {
      unwatch();
      worker.stop();
    },
  };
}

/** `crypto.randomUUID` exists on secure origins only, and a stack is often looked at over plain HTTP. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}

function outcomeOf(error: ApiError, key: string): OutboxEvent {
  const trouble = error.message;
  // 401 is about the session, not about the letter: it goes out when its writer is signed in again.
  if (error.kind === 'refused' && error.status !== 401) return { type: 'refused', key, trouble };
  const waitMs = error.retryAfterMs === undefined ? {} : { waitMs: error.retryAfterMs };
  return { type: 'postponed', key, now: uptimeMs(), trouble, ...waitMs };
}
