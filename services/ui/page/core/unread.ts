/**
 * How far somebody has read in a room, and where the line "New" stands: a pure reducer. Used by the room view.
 * The line stays where it was while one reads on, until one writes or dismisses it. Refuses to count one's own messages.
 */
export interface Reading {
  /** The place in the room's order up to which everything has been seen; undefined before the first look. */
  readonly readTo: number | undefined;
  /** The line stands behind this place. */
  readonly line: number | undefined;
}

export interface Readable {
  readonly seq: number;
  readonly user_id: number;
}

export type ReadingEvent =
  /** The newest messages are on the screen of somebody who looks, or they are not. */
  | { type: 'messages'; messages: readonly Readable[]; me: number; looking: boolean }
  /** Another tab has read on. */
  | { type: 'read-elsewhere'; readTo: number }
  | { type: 'dismissed' };

export function reduceReading(reading: Reading, event: ReadingEvent): Reading {
  switch (event.type) {
    case 'dismissed':
      return { ...reading, line: undefined };
    case 'read-elsewhere':
      return { ...reading, readTo: Math.max(reading.readTo ?? 0, event.readTo) };
    case 'messages': {
      const newest = event.messages.at(-1)?.seq ?? 0;
      // Whoever comes for the first time has missed nothing.
      if (reading.readTo === undefined) return { readTo: newest, line: undefined };
      const [first] = unreadOf(event.messages, reading.readTo, event.me);
      if (event.looking) return { readTo: Math.max(reading.readTo, newest), line: reading.line };
      // A line above messages that have been read moves down to the first that has not.
      const stale = reading.line === undefined || reading.line < reading.readTo;
      return first && stale ? { ...reading, line: reading.readTo } : reading;
    }
  }
}

export function unreadOf<M extends Readable>(
  messages: readonly M[],
  readTo: number,
  me: number,
): M[] {
  return messages.filter((message) => message.seq > readTo && message.user_id !== me);
}
