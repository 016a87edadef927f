/**
 * Changes a message that is there: edited, deleted, expanded. All of it goes through changeMessage: the message and
 * its room's counter are locked, the use case decides what becomes of what it sees, and the change takes the room's
 * next number in the same transaction. Nothing else writes to a stored message's visible part.
 */
import { withTransaction } from '@microflack/common/db/transaction.ts';
import type { Pool, PoolConnection } from 'mysql2/promise';
import { z } from 'zod';
import { type MessageRow, messageColumns, messageRow } from './rows.ts';

const currentRow = messageRow.extend({
  room_id: z.number(),
  last_change: z.number(),
  now: z.number(),
  links_due_at: z.number().nullable(),
});

export type CurrentMessage = z.infer<typeof currentRow>;

export type Patch = Partial<
  Pick<CurrentMessage, 'source' | 'html' | 'rev' | 'deleted' | 'links_due_at'>
>;

/**
 * `decide` sees the message as nobody else can change it now, or undefined where there is none; what it throws goes
 * to the caller. It may be called several times. Undefined from it means that there is nothing to change.
 */
export async function changeMessage(
  pool: Pool,
  id: number,
  decide: (current: CurrentMessage | undefined) => Patch | undefined,
): Promise<MessageRow | undefined> {
  return withTransaction(pool, async (connection) => {
    const current = await lockMessage(connection, id);
    const patch = decide(current);
    if (!current || !patch) return undefined;
    const change_number = current.last_change + 1;
    const changed = { ...current, ...patch, change_number, updated_at: current.now };
    await save(connection, changed);
    return changed;
  });
}

async function lockMessage(
  connection: PoolConnection,
  id: number,
): Promise<CurrentMessage | undefined> {
  const [rows] = await connection.query(
    `SELECT name AS room, ${messageColumns}, links_due_at, room_id, last_change,
       UNIX_TIMESTAMP() AS now
     FROM messages JOIN rooms USING (room_id) WHERE id = ? FOR UPDATE`,
    [id],
  );
  return z.array(currentRow).parse(rows)[0];
}

async function save(connection: PoolConnection, changed: CurrentMessage): Promise<void> {
  const { id, room_id, change_number, updated_at, source, html, rev, deleted, links_due_at } =
    changed;
  await connection.query('UPDATE messages SET ? WHERE id = ?', [
    { change_number, updated_at, source, html, rev, deleted, links_due_at },
    id,
  ]);
  await connection.query('UPDATE rooms SET last_change = ? WHERE room_id = ?', [
    change_number,
    room_id,
  ]);
}
