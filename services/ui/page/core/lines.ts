/**
 * What stands in a room, line by line: the stored messages in the room's order, then what its reader has written and what is
 * not stored yet. Pure; used by the room view. A line keeps its id from the first keystroke's Enter to the stored
 * message, so that nothing jumps. Refuses to show one's own message twice.
 */
import type { Message } from './models.ts';
import type { Outbox, OutboxEntry } from './outbox.ts';

interface LineBase {
  readonly id: string;
  readonly userId: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export type RoomLine =
  | (LineBase & { readonly kind: 'message'; readonly message: Message })
  | (LineBase & { readonly kind: 'letter'; readonly entry: OutboxEntry });

export type MessageLine = Extract<RoomLine, { kind: 'message' }>;

export function linesOf(
  messages: readonly Message[],
  outbox: Outbox,
  { room, me }: { room: string; me: number },
): RoomLine[] {
  const stored = new Set<string>();
  const lines: RoomLine[] = messages.map((message) => {
    const mine = message.user_id === me && message.key !== undefined;
    if (mine) stored.add(message.key ?? '');
    const id = mine ? `key-${message.key}` : `id-${message.id}`;
    return { kind: 'message', id, userId: message.user_id, at: message.created_at * 1000, message };
  });
  for (const entry of outbox) {
    if (entry.room !== room || stored.has(entry.key)) continue;
    const id = `key-${entry.key}`;
    lines.push({ kind: 'letter', id, userId: me, at: entry.writtenAt, entry });
  }
  return lines;
}

/** The newest message of one's own: what arrow-up edits. */
export function lastOwn(lines: readonly RoomLine[], me: number): MessageLine | undefined {
  return lines.findLast(
    (line): line is MessageLine => line.kind === 'message' && line.userId === me,
  );
}
