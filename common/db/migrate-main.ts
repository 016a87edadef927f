/**
 * The program that applies a service's migrations: node migrate-main.ts FOLDER [--alone],
 * with MYSQL_MIGRATIONS_URL. --alone: no older release runs, so what contracts may be applied too.
 *
 * Each release carries it, bundled, beside its migrations/. It says what it applied, one line each,
 * and exits 0.
 */
import { z } from 'zod';
import { ConfigError, configExitCode, loadSettings, mysqlUrl } from '../config.ts';
import { createLogger } from '../log.ts';
import { migrate } from './migrate.ts';

const settings = z.object({
  MYSQL_MIGRATIONS_URL: mysqlUrl,
  MF_PROGRAM: z.string().default('migrate'),
  MF_VERSION: z.string().default('dev'),
  LOG_LEVEL: z.string().default('info'),
});

try {
  const [, , folder, alone] = process.argv;
  if (!folder)
    throw new ConfigError(['expected the folder of the migrations as the first argument']);
  const loaded = loadSettings(settings);
  const instance = `${loaded.MF_PROGRAM}-${process.pid}`;
  const names = { service: loaded.MF_PROGRAM, version: loaded.MF_VERSION, instance };
  const log = createLogger({ ...names, level: loaded.LOG_LEVEL });
  const applied = await migrate(loaded.MYSQL_MIGRATIONS_URL, folder, log, {
    alone: alone === '--alone',
  });
  log.info({ event: 'migration.done', applied: applied.length }, 'schema is up to date');
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof ConfigError ? configExitCode : 1;
}
