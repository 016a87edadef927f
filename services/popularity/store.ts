/**
 * Who said what, in SQL: one row a message, without its text.
 *
 * Several instances feed the table at the same time, and each may be told the same twice or late:
 * the message's id decides which row, and the higher change number which of two truths is newer.
 */
import { withTransaction } from '@microflack/common/db/transaction.ts';
import type { Pool } from 'mysql2/promise';
import { z } from 'zod';

/** What is kept of a message as the messages service tells it. */
export const messageSaid = z.object({
  id: z.number(),
  user_id: z.number(),
  change: z.number(),
  deleted: z.boolean().default(false),
});

export type MessageSaid = z.infer<typeof messageSaid>;

export interface PopularityStore {
  /** Those who said most, first. */
  mostActive(limit: number): Promise<{ user_id: number; messages: number }[]>;
  /** The number of a room's change that the table has got to. */
  reached(room: string): Promise<number>;
  /** Takes in all that a room changed up to that number, after a number that was reached before. */
  learn(room: string, messages: readonly MessageSaid[], change: number): Promise<void>;
}

/** The line to spoil in the exercise (README.md). */
const messagesOfAPerson = 'COUNT(*)';

const countRows = z.array(z.object({ user_id: z.number(), messages: z.number() }));
const reachedRows = z.array(z.object({ change_number: z.number() }));

export function createStore(pool: Pool): PopularityStore {
  return {
    async mostActive(limit) {
      const [rows] = await pool.query(
        `SELECT user_id, ${messagesOfAPerson} AS messages FROM said WHERE NOT deleted
         GROUP BY user_id ORDER BY messages DESC, user_id LIMIT ?`,
        [limit],
      );
      return countRows.parse(rows);
    },

    async reached(room) {
      const [rows] = await pool.query('SELECT change_number FROM progress WHERE room = ?', [room]);
      return reachedRows.parse(rows)[0]?.change_number ?? 0;
    },

    async learn(room, messages, change) {
      await withTransaction(pool, async (tx) => {
        if (messages.length > 0) {
          await tx.query(
            `INSERT INTO said (message_id, user_id, change_number, deleted) VALUES ?
             ON DUPLICATE KEY UPDATE
               deleted = IF(VALUES(change_number) > change_number, VALUES(deleted), deleted),
               change_number = GREATEST(change_number, VALUES(change_number))`,
            [messages.map((one) => [one.id, one.user_id, one.change, one.deleted])],
          );
        }
        await tx.query(
          `INSERT INTO progress (room, change_number) VALUES (?, ?)
           ON DUPLICATE KEY UPDATE change_number = GREATEST(change_number, VALUES(change_number))`,
          [room, change],
        );
      });
    },
  };
}
