/**
 * Connections to MariaDB. store.ts of a service uses `pool.query` and `pool.execute` for single
 * statements, and withTransaction() (db/transaction.ts) for more.
 *
 * mysql2 has traps, and the options below are the ways around them: BIGINTs lose their last digits
 * without a word, times are read as the machine's own, an UPDATE counts rows that it did not
 * change, a dead server holds a connect for 10 s. One trap has no option: `execute` with a list for
 * `IN (?)` finds nothing and does not complain; use `query` there.
 */
import { createPool as createCallbackPool, type PoolConnection } from 'mysql2';
import type { Pool } from 'mysql2/promise';
import { remainingMs } from '../context.ts';

const connectTimeoutMs = 1_000;
/** Who finds more than this many waiting for a connection is told 503 at once. */
const queueLimit = 500;
/** Each connection keeps as many prepared statements; the server has 16,382 for all of them. */
const maxPreparedStatements = 200;
/** On the server: a client's time-out would leave the statement running there. */
const maxStatementSeconds = 5;

/**
 * What every connection starts with. Gap locks (REPEATABLE READ) would make deadlocks of harmless
 * inserts.
 */
const preparations = [
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  `SET SESSION max_statement_time = ${maxStatementSeconds}`,
];

export function createPool(url: string, { size = 10 }: { size?: number } = {}): Pool {
  const pool = createCallbackPool({
    uri: url,
    connectionLimit: size,
    queueLimit,
    connectTimeout: connectTimeoutMs,
    charset: 'utf8mb4',
    timezone: 'Z',
    supportBigNumbers: true,
    flags: ['-FOUND_ROWS'],
    maxPreparedStatements,
    // A stack trace for each statement, in case it fails, would be a tenth of a small one's price.
    trace: false,
  });
  pool.on('connection', prepare);
  return pool.promise();
}

/** Statements of a connection run in order: these are through before its first user's. */
function prepare(connection: PoolConnection): void {
  for (const statement of preparations) {
    connection.query(statement, (error) => {
      if (error) connection.destroy();
    });
  }
}

/**
 * The statement with the time that the current request has left as its limit, so that the database
 * stops working for somebody who has gone. For `query` only: prepared, each duration would be a
 * statement of its own.
 */
export function bounded(sql: string, leftMs = remainingMs()): string {
  if (leftMs === undefined || leftMs >= maxStatementSeconds * 1_000) return sql;
  // 0 would mean no limit at all.
  const seconds = Math.max(1, Math.ceil(leftMs)) / 1_000;
  return `SET STATEMENT max_statement_time = ${seconds} FOR ${sql}`;
}
