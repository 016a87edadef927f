/**
 * Revoked sessions in SQL, each under the next number of one counter.
 *
 * The number is taken in the transaction that stores the row, under the counter row's lock, so a
 * reader never sees a number before all lower ones. A gap cannot be: a rollback gives its number back.
 */

import type { RevokedPage } from '@microflack/common/auth/revocations.ts';
import { withTransaction } from '@microflack/common/db/transaction.ts';
import type { Pool, ResultSetHeader } from 'mysql2/promise';
import { z } from 'zod';

export interface RevocationStore {
  /** Twice is once. */
  revoke(session: string, expiresAt: number): Promise<void>;
  isRevoked(session: string): Promise<boolean>;
  /** What was revoked after that number, in order, a page at a time. */
  after(change: number): Promise<RevokedPage>;
  /** Forgets sessions whose last token has ended. */
  purge(nowSeconds: number): Promise<void>;
}

const pageLimit = 1_000;
const purgeLimit = 1_000;
const duplicateEntry = 1062;

const sessionRows = z.array(
  z.object({ session: z.string(), change: z.number(), expires_at: z.number() }),
);
const counterRow = z.tuple([z.object({ last_change: z.number() })]);

export function createRevocationStore(pool: Pool): RevocationStore {
  const lastChange = async (): Promise<number> => {
    const [rows] = await pool.query('SELECT last_change FROM revocation_counter WHERE id = 1');
    return counterRow.parse(rows)[0].last_change;
  };

  return {
    async revoke(session, expiresAt) {
      try {
        await withTransaction(pool, async (tx) => {
          await tx.query(
            'UPDATE revocation_counter SET last_change = LAST_INSERT_ID(last_change + 1) WHERE id = 1',
          );
          await tx.query(
            `INSERT INTO revocations (session, \`change\`, expires_at)
             VALUES (?, LAST_INSERT_ID(), ?)`,
            [session, expiresAt],
          );
        });
      } catch (error) {
        if (!isDuplicate(error)) throw error;
      }
    },

    async isRevoked(session) {
      const [rows] = await pool.execute('SELECT 1 FROM revocations WHERE session = ?', [session]);
      return z.array(z.unknown()).parse(rows).length > 0;
    },

    async after(change) {
      // Read before the rows: what commits in between is then found by the next question, and not missed.
      const last = await lastChange();
      // Somebody who knows a higher number knows it from a database that is no more.
      const from = change > last ? 0 : change;
      const [rows] = await pool.query(
        `SELECT session, \`change\`, expires_at FROM revocations
         WHERE \`change\` > ? ORDER BY \`change\` LIMIT ?`,
        [from, pageLimit],
      );
      const found = sessionRows.parse(rows);
      const more = found.length === pageLimit;
      const reached = found.at(-1)?.change ?? from;
      return {
        change: more ? reached : Math.max(reached, last),
        sessions: found.map(({ session, expires_at }) => ({ session, expires_at })),
        more,
      };
    },

    async purge(nowSeconds) {
      for (let full = true; full; ) {
        const [{ affectedRows }] = await pool.query<ResultSetHeader>(
          'DELETE FROM revocations WHERE expires_at < ? LIMIT ?',
          [nowSeconds, purgeLimit],
        );
        full = affectedRows === purgeLimit;
      }
    },
  };
}

const isDuplicate = (error: unknown): boolean =>
  error instanceof Error && 'errno' in error && error.errno === duplicateEntry;
