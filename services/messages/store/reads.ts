/**
 * Reads messages for routes.ts. Every list is one statement, so that its messages and its room's number are of one
 * moment, walks along one index, and has a limit.
 */
import { bounded } from '@microflack/common/db/pool.ts';
import { notFound } from '@microflack/common/errors.ts';
import type { Pool } from 'mysql2/promise';
import { z } from 'zod';
import { type MessageRow, messageColumns, messageRow } from './rows.ts';

/** Which messages of a room: changed after a number, older than a place in it, the newest, or changed since a time. */
export type Selection =
  | { readonly kind: 'after'; readonly change: number }
  | { readonly kind: 'before'; readonly seq: number }
  | { readonly kind: 'latest' }
  | { readonly kind: 'since'; readonly seconds: number };

export interface ListQuery {
  readonly room: string;
  readonly limit: number;
  readonly selection: Selection;
}

export interface MessageList {
  readonly rows: readonly MessageRow[];
  /** The room's number at the moment of reading. */
  readonly change: number;
  /** There are more than the limit allowed. */
  readonly more: boolean;
}

const dayInSeconds = 24 * 60 * 60;

/** A room without such messages is one row without a message. */
const emptyRow = z.object({ id: z.null(), last_change: z.number() });
const listedRow = messageRow.extend({ last_change: z.number() });
const roomRow = z.object({ name: z.string(), change: z.number() });

export async function listMessages(
  pool: Pool,
  { room, limit, selection }: ListQuery,
): Promise<MessageList> {
  const { condition, order, values, newestFirst } = clausesOf(selection);
  const [result] = await pool.query(
    bounded(`SELECT name AS room, last_change, ${messageColumns}
      FROM rooms LEFT JOIN messages ON messages.room_id = rooms.room_id AND ${condition}
      WHERE name = ? ORDER BY ${order} LIMIT ?`),
    [...values, room, limit + 1],
  );
  const rows = z.array(z.union([listedRow, emptyRow])).parse(result);
  const [first] = rows;
  if (!first) throw notFound(`room ${room}`);
  const found = rows.filter((row) => row.id !== null).slice(0, limit);
  return {
    rows: newestFirst ? found.reverse() : found,
    change: first.last_change,
    more: rows.length > limit,
  };
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
    bounded('SELECT name, last_change AS `change` FROM rooms ORDER BY name LIMIT 1000'),
  );
  return z.array(roomRow).parse(rows);
}

interface Clauses {
  readonly condition: string;
  readonly order: string;
  readonly values: readonly number[];
  readonly newestFirst: boolean;
}

function clausesOf(selection: Selection): Clauses {
  switch (selection.kind) {
    case 'after':
      return {
        condition: 'change_number > ?',
        order: 'change_number',
        values: [selection.change],
        newestFirst: false,
      };
    case 'before':
      return {
        condition: 'seq < ? AND NOT deleted',
        order: 'seq DESC',
        values: [selection.seq],
        newestFirst: true,
      };
    case 'latest':
      return { condition: 'NOT deleted', order: 'seq DESC', values: [], newestFirst: true };
    case 'since':
      return {
        condition: `updated_at > GREATEST(?, UNIX_TIMESTAMP() - ${dayInSeconds}) AND NOT deleted`,
        order: 'updated_at DESC, seq DESC',
        values: [selection.seconds],
        newestFirst: true,
      };
  }
}
