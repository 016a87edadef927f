/**
 * What the page knows of one room: a pure reducer that merges pages, pushes and beacons, in whatever order, twice or
 * not at all, into one gapless log, and that says what to fetch next. Used by the room keeper.
 *
 * A room numbers its changes (post, edit, delete, expansion) one by one. `cursor` is the number up to which everything is
 * known; a push that does not follow it leaves a hole, and a hole, a beacon ahead or a doubt (the connection was away)
 * makes `wanted` ask for `after=cursor`. Refuses to do I/O, to know time, and to trust that a push arrives.
 */
import type { Message, MessagePage } from './models.ts';

export interface RoomLog {
  /** The newest version of every message heard of, tombstones too: a late, stale page must not bring one back. */
  readonly messages: ReadonlyMap<number, Message>;
  /** Every change up to this number is in `messages`; undefined until the first page came. */
  readonly cursor: number | undefined;
  /** Changes that came before the ones between the cursor and them. */
  readonly early: ReadonlySet<number>;
  /** The highest number that anybody mentioned. */
  readonly heard: number;
  /** History is loaded from this place in the order (`seq`) on; 0 when it is loaded to the room's beginning. */
  readonly from: number;
  /** How often the connection gave reason to doubt, and up to which doubt a catch-up has answered. */
  readonly doubts: number;
  readonly settled: number;
}

export type Wanted = { kind: 'latest' } | { kind: 'after'; after: number };

export type RoomEvent =
  | { type: 'pushed'; message: Message }
  | { type: 'beacon'; change: number }
  | { type: 'doubted' }
  | { type: 'opened'; page: MessagePage }
  | { type: 'caught-up'; page: MessagePage; doubts: number }
  | { type: 'history'; page: MessagePage };

export const emptyLog: RoomLog = {
  messages: new Map(),
  cursor: undefined,
  early: new Set(),
  heard: 0,
  from: Number.POSITIVE_INFINITY,
  doubts: 0,
  settled: 0,
};

export function reduceRoom(log: RoomLog, event: RoomEvent): RoomLog {
  switch (event.type) {
    case 'pushed': {
      const { change } = event.message;
      const heard = Math.max(log.heard, change);
      // Nothing up to the cursor is news; what is unknown there was left out of a page: it is deleted, or older history.
      // The first page is such a page for whatever came before it.
      if (log.cursor === undefined || change <= log.cursor) return { ...log, heard };
      const early = new Set(log.early).add(change);
      return advance({ ...log, messages: merge(log.messages, [event.message]), early, heard });
    }
    case 'beacon':
      return { ...log, heard: Math.max(log.heard, event.change) };
    case 'doubted':
      return { ...log, doubts: log.doubts + 1 };
    case 'opened': {
      if (log.cursor !== undefined) return reduceRoom(log, { ...event, type: 'history' });
      const { messages, change } = event.page;
      const opened = { ...log, messages: merge(log.messages, messages), from: startOf(event.page) };
      return advance({ ...opened, cursor: change });
    }
    case 'caught-up': {
      const { messages, change, more } = event.page;
      // The room's number was read with the page, so a last page vouches for everything up to it.
      const reached = more ? (messages.at(-1)?.change ?? 0) : change;
      const settled = more ? log.settled : Math.max(log.settled, event.doubts);
      const cursor = Math.max(log.cursor ?? 0, reached);
      return advance({ ...log, messages: merge(log.messages, messages), cursor, settled });
    }
    case 'history': {
      const from = Math.min(log.from, startOf(event.page));
      return { ...log, messages: merge(log.messages, event.page.messages), from };
    }
  }
}

/** What to fetch now, or nothing where the log has no hole and no doubt. */
export function wanted(log: RoomLog): Wanted | undefined {
  if (log.cursor === undefined) return { kind: 'latest' };
  const behind = log.heard > log.cursor || log.settled < log.doubts;
  return behind ? { kind: 'after', after: log.cursor } : undefined;
}

/** The messages to show, in the room's order. What lies before the loaded history is known but not shown: no holes. */
export function visibleMessages(log: RoomLog): Message[] {
  return [...log.messages.values()]
    .filter((message) => !message.deleted && message.seq >= log.from)
    .sort((a, b) => a.seq - b.seq);
}

/** Where a page of history begins: at the room's beginning when nothing lies before it. */
function startOf(page: MessagePage): number {
  return page.more ? (page.messages[0]?.seq ?? 0) : 0;
}

/** Of two versions of a message the one with the higher change number is the newer, however they came. */
function merge(known: RoomLog['messages'], news: readonly Message[]): RoomLog['messages'] {
  const merged = new Map(known);
  for (const message of news) {
    const present = merged.get(message.id);
    if (!present || present.change < message.change) merged.set(message.id, message);
  }
  return merged;
}

/** Moves the cursor over the changes that have come early and now follow on. */
function advance(log: RoomLog): RoomLog {
  if (log.cursor === undefined) return log;
  let cursor = log.cursor;
  while (log.early.has(cursor + 1)) cursor += 1;
  const early = new Set([...log.early].filter((change) => change > cursor));
  return { ...log, cursor, early, heard: Math.max(log.heard, cursor) };
}
