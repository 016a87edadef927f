/**
 * A transaction that is done as a whole or not at all, and again where the database asks for it.
 *
 * `work` may run several times, so it must do nothing but SQL on the connection it is given. It
 * must let errors through: a deadlock (1213) has rolled back everything already, and after
 * swallowing it a COMMIT would say OK with nothing stored.
 */
import type { Pool, PoolConnection } from 'mysql2/promise';
import { assertTimeLeft } from '../context.ts';

/**
 * Deadlock, or under Galera a conflict with another node; lock wait time-out. Both mean: once more,
 * please.
 */
const retryErrors = new Set([1213, 1205]);
const maxAttempts = 5;
const maxPauseMs = 20;

export function withTransaction<T>(
  pool: Pool,
  work: (connection: PoolConnection) => Promise<T>,
): Promise<T> {
  return retryConflicts(async () => {
    assertTimeLeft('a transaction');
    const connection = await pool.getConnection();
    try {
      await connection.beginTransaction();
      const result = await work(connection);
      await connection.commit();
      connection.release();
      return result;
    } catch (error) {
      await giveBack(connection);
      throw error;
    }
  });
}

/** For what is a transaction by itself: a single statement, which may meet another one just as well. */
export async function retryConflicts<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === maxAttempts || !isRetryable(error)) throw error;
    }
    // The two that met must not meet again in step.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * maxPauseMs * attempt));
  }
}

/** Released as it is, the connection would hand its open transaction to the next user. */
async function giveBack(connection: PoolConnection): Promise<void> {
  try {
    await connection.rollback();
    connection.release();
  } catch {
    // It is broken. The server rolls back by itself; the error that led here is the one to report.
    connection.destroy();
  }
}

function isRetryable(error: unknown): boolean {
  return error instanceof Error && 'errno' in error && retryErrors.has(Number(error.errno));
}
