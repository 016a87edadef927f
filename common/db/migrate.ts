/**
 * Brings a schema up to the migrations in a folder. Run before a release's first instance, by
 * migrate-main.ts.
 *
 * Several may be started at once: one works, the others wait and find nothing left to do. It runs
 * as the schema's migrations user; the service's own user cannot change tables.
 *
 * DDL commits by itself, so a file that fails half-way stays half done: write one statement a file,
 * or statements that may run again (IF NOT EXISTS). And expand before you contract: the release
 * before this one is still running. What contracts is applied only when the caller says that no
 * older release runs any more (`alone`).
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Connection, createConnection } from 'mysql2/promise';
import { z } from 'zod';
import type { Logger } from '../log.ts';
import { isContracting, type Migration } from './expand-only.ts';
import { type Lease, leaseSeconds, takeLease } from './lease.ts';
import { type Applied, planMigrations, sha256Of } from './migration-plan.ts';

const connectTimeoutMs = 5_000;
/** Another's migrations may take a while, but not for ever. */
const leasePatienceMs = 300_000;
const renewEveryMs = (leaseSeconds * 1_000) / 4;

const history = `CREATE TABLE IF NOT EXISTS schema_migrations (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(191) NOT NULL UNIQUE,
  sha256 CHAR(64) NOT NULL,
  applied_at DATETIME(3) NOT NULL,
  contracting BOOLEAN NOT NULL DEFAULT FALSE
) ENGINE=InnoDB`;
/** Stacks made before there was this column. */
const historySince = `ALTER TABLE schema_migrations
  ADD COLUMN IF NOT EXISTS contracting BOOLEAN NOT NULL DEFAULT FALSE`;
const record = `INSERT INTO schema_migrations (name, sha256, applied_at, contracting)
  VALUES (?, ?, UTC_TIMESTAMP(3), ?)`;
const appliedRows = z.array(
  z.object({ name: z.string(), sha256: z.string(), contracting: z.coerce.boolean() }),
);

/** Resolves with the names of what was applied: none when the schema was up to date. */
export async function migrate(
  url: string,
  folder: string,
  log: Logger,
  { alone = false }: { alone?: boolean } = {},
): Promise<string[]> {
  const files = await readMigrations(folder);
  const worker = await connect(url);
  // The lease needs a connection of its own: it is renewed while a long ALTER runs on the other.
  const keeper = await connect(url);
  try {
    const lease = await takeLease(keeper, AbortSignal.timeout(leasePatienceMs));
    try {
      return await applyAll(worker, lease, files, log, alone);
    } finally {
      await lease.release();
    }
  } finally {
    worker.destroy();
    keeper.destroy();
  }
}

async function applyAll(
  connection: Connection,
  lease: Lease,
  files: Migration[],
  log: Logger,
  alone: boolean,
): Promise<string[]> {
  await connection.query(history);
  await connection.query(historySince);
  const plan = planMigrations(files, await readHistory(connection), alone);
  for (const migration of plan.apply) {
    const startedAt = performance.now();
    await whileRenewing(lease, () => apply(connection, migration));
    const ms = Math.round(performance.now() - startedAt);
    log.info({ event: 'migration.applied', migration: migration.name, ms }, 'migration applied');
  }
  for (const { name: migration } of plan.withheld) {
    log.info({ event: 'migration.withheld', migration }, 'waits until no older release runs');
  }
  return plan.apply.map(({ name }) => name);
}

async function apply(connection: Connection, migration: Migration): Promise<void> {
  try {
    await connection.query(migration.sql);
  } catch (error) {
    throw new Error(`${migration.name} failed: ${messageOf(error)}`, { cause: error });
  }
  const contracting = isContracting(migration);
  await connection.execute(record, [migration.name, sha256Of(migration), contracting]);
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

async function readHistory(connection: Connection): Promise<Applied[]> {
  const [rows] = await connection.query(
    'SELECT name, sha256, contracting FROM schema_migrations ORDER BY id',
  );
  return appliedRows.parse(rows);
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql'));
  return Promise.all(
    names.map(async (name) => ({ name, sql: await readFile(join(folder, name), 'utf8') })),
  );
}

async function whileRenewing(lease: Lease, work: () => Promise<void>): Promise<void> {
  await lease.renew();
  const { promise: lost, reject } = Promise.withResolvers<never>();
  const timer = setInterval(() => lease.renew().catch(reject), renewEveryMs);
  try {
    await Promise.race([work(), lost]);
  } finally {
    clearInterval(timer);
  }
}

function connect(url: string): Promise<Connection> {
  return createConnection({
    uri: url,
    connectTimeout: connectTimeoutMs,
    charset: 'utf8mb4',
    timezone: 'Z',
    flags: ['-FOUND_ROWS'],
    // A migration may be several statements; nowhere else in the project is this on.
    multipleStatements: true,
  });
}
