/**
 * A connection to the stack's MariaDB as its administrator, open while one function runs.
 *
 * Only the stack's own commands have this password: no service ever connects this way.
 */
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { z } from 'zod';
import { answerMs } from '../patience.ts';
import type { Stack } from '../stack.ts';

const status = z.object({ Variable_name: z.string(), Value: z.string() });

export async function withAdmin<T>(
  { ports, secrets }: Pick<Stack, 'ports' | 'secrets'>,
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await createConnection({
    host: '127.0.0.1',
    port: ports.mariadb,
    user: 'admin',
    password: secrets.mariadbAdmin,
    connectTimeout: answerMs,
  });
  try {
    const result = await use(connection);
    await connection.end();
    return result;
  } finally {
    connection.destroy();
  }
}

/** What Galera says of itself: `wsrep_ready`, `wsrep_cluster_status` and the like. */
export async function galeraStatus(connection: Connection): Promise<Map<string, string>> {
  const [rows] = await connection.query<RowDataPacket[]>("SHOW STATUS LIKE 'wsrep_%'");
  return new Map(
    z
      .array(status)
      .parse(rows)
      .map((row) => [row.Variable_name, row.Value]),
  );
}
