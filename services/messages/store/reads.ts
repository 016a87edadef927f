/**
 * Reads messages for routes.ts. Every list has a limit and walks along one index, from where the cursor stands.
 *
 * FORCE INDEX is there for a reason: left alone, MariaDB takes the room as the whole condition once a cursor leaves
 * half of the room to one side, and walks all the way to the cursor (measured: 140 ms in place of 0.5).
 */
import { bounded } from '@microflack/common/db/pool.ts';
import { notFound } from '@microflack/common/errors.ts';
import type { Pool } from 'mysql2/promise';
import { z } from 'zod';
import { type MessageRow, messageColumns, messageRow } from './rows.ts';

/** Which messages of a room: changed after a number, the newest (older than a place, by one author), or changed since. */
export type Selection =
  | { readonly kind: 'after'; readonly change: number }
  | {
      readonly kind: 'newest';
      readonly before?: number | undefined;
      readonly author?: number | undefined;
    }
  | { readonly kind: 'since'; readonly seconds: number };

export interface ListQuery {
  readonly room: string;
  readonly limit: number;
  readonly selection: Selection;
}

export interface MessageList {
  readonly rows: readonly MessageRow[];
  /** The room's number from before the messages were read: asking after it misses nothing. */
  readonly change: number;
  /** There are more than the limit allowed. */
  readonly more: boolean;
}

interface Clauses {
  readonly index: string;
  readonly condition: string;
  readonly values: readonly number[];
  readonly order: string;
}

const dayInSeconds = 24 * 60 * 60;
const roomsMax = 1_000;

const counterRow = z.object({ room_id: z.number(), name: z.string(), last_change: z.number() });
const listedRow = messageRow.omit({ room: true });

export async function listMessages(
  pool: Pool,
  { room, limit, selection }: ListQuery,
): Promise<MessageList> {
  const { room_id, last_change } = await findRoom(pool, room);
  const { index, condition, values, order } = clausesOf(selection, last_change);
  const [result] = await pool.query(
    `SELECT ${messageColumns} FROM messages FORCE INDEX (${index})
     WHERE room_id = ? AND ${condition} ORDER BY ${order} LIMIT ?`,
    [room_id, ...values, limit + 1],
  );
  const read = z.array(listedRow).parse(result);
  const rows = read.slice(0, limit).map((row) => ({ room, ...row }));
  // What was found from the newest on is shown in the order in which it was said.
  if (selection.kind !== 'after') rows.reverse();
  return { rows, change: last_change, more: read.length > limit };
}

export async function findMessage(pool: Pool, id: number): Promise<MessageRow | undefined> {
  const [rows] = await pool.query(
    bounded(`SELECT name AS room, ${messageColumns}
      FROM messages JOIN rooms USING (room_id) WHERE id = ? AND NOT deleted`),
    [id],
  );
  return z.array(messageRow).parse(rows)[0];
}

export async function listRooms(pool: Pool): Promise<{ name: string; change: number }[]> {
  const [rows] = await pool.query(
    bounded(`SELECT room_id, name, last_change FROM rooms ORDER BY name LIMIT ${roomsMax}`),
  );
  const rooms = z.array(counterRow).parse(rows);
  return rooms.map(({ name, last_change }) => ({ name, change: last_change }));
}

async function findRoom(pool: Pool, name: string): Promise<z.infer<typeof counterRow>> {
  const [rows] = await pool.query('SELECT room_id, name, last_change FROM rooms WHERE name = ?', [
    name,
  ]);
  const [room] = z.array(counterRow).parse(rows);
  if (!room) throw notFound(`room ${name}`);
  return room;
}

function clausesOf(selection: Selection, lastChange: number): Clauses {
  switch (selection.kind) {
    case 'after':
      return {
        index: 'messages_by_change',
        condition: 'change_number > ? AND change_number <= ?',
        values: [selection.change, lastChange],
        order: 'change_number',
      };
    case 'newest': {
      const { before = Number.MAX_SAFE_INTEGER, author } = selection;
      const index = author === undefined ? 'messages_by_seq' : 'messages_by_author';
      const byAuthor = author === undefined ? '' : 'user_id = ? AND ';
      return {
        index,
        condition: `${byAuthor}seq < ? AND NOT deleted`,
        values: author === undefined ? [before] : [author, before],
        order: 'seq DESC',
      };
    }
    case 'since':
      return {
        index: 'messages_by_time',
        condition: `updated_at >= GREATEST(?, UNIX_TIMESTAMP() - ${dayInSeconds}) AND NOT deleted`,
        values: [selection.seconds],
        order: 'updated_at DESC, seq DESC',
      };
  }
}
