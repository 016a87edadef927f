/**
 * At most one holder at a time, across processes and across Galera's nodes: a row taken by one
 * UPDATE.
 *
 * GET_LOCK and SELECT … FOR UPDATE are local to a node; an UPDATE that commits by itself is
 * certified by all of them, so that it changes the row for one asker only. The holder renews it;
 * one that died lets it run out.
 */
import { randomUUID } from 'node:crypto';
import type { Connection, ResultSetHeader } from 'mysql2/promise';
import { pause } from '../pause.ts';
import { retryConflicts } from './transaction.ts';

export interface Lease {
  /** Throws when the lease was lost: somebody else may hold it. */
  renew(): Promise<void>;
  release(): Promise<void>;
}

export const leaseSeconds = 20;
const askEveryMs = 200;

const table = `CREATE TABLE IF NOT EXISTS schema_lease (
  id TINYINT NOT NULL PRIMARY KEY,
  holder CHAR(36) NOT NULL,
  expires_at DATETIME(3) NOT NULL
) ENGINE=InnoDB`;
const row = `INSERT IGNORE INTO schema_lease VALUES (1, '', '2000-01-01')`;
const take = `UPDATE schema_lease
  SET holder = ?, expires_at = UTC_TIMESTAMP(3) + INTERVAL ${leaseSeconds} SECOND
  WHERE id = 1 AND (holder = ? OR expires_at < UTC_TIMESTAMP(3))`;
const giveUp = `UPDATE schema_lease SET expires_at = '2000-01-01' WHERE id = 1 AND holder = ?`;

/** Resolves when it is ours; rejects when it has not become ours until the signal is aborted. */
export async function takeLease(connection: Connection, signal: AbortSignal): Promise<Lease> {
  const holder = randomUUID();
  const change = (sql: string, values: string[] = []) =>
    retryConflicts(() => connection.execute<ResultSetHeader>(sql, values));
  const isMine = async () => {
    const [{ affectedRows }] = await change(take, [holder, holder]);
    return affectedRows === 1;
  };
  await connection.query(table);
  await change(row);
  while (!(await isMine())) {
    if (signal.aborted) throw new Error('expected the lease of the migrations, another holds it');
    await pause(askEveryMs, signal);
  }
  return {
    async renew() {
      if (!(await isMine())) throw new Error('the lease of the migrations was lost');
    },
    async release() {
      await change(giveUp, [holder]);
    },
  };
}
