/**
 * What service tests stand on: the real Consul, MariaDB and Redis of the tests' own stack.
 *
 * test('…', async (t) => {
 *     const service = await startService(definition, await testSettings(t, 'messages'));
 *     t.onTestFinished(service.stop);
 *
 * test/setup/parts.ts starts that stack (or takes the one named in MF_TEST_STACK_DIR). A test has a
 * schema and a stream of its own, and leaves nothing behind.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { z } from 'zod';
import { migrate } from '../db/migrate.ts';
import { silentLog } from './log.ts';

/** vitest's context of a test; anything else that calls back at the end will do. */
export interface Scope {
  onTestFinished(cleanUp: () => Promise<void> | void): void;
}

/** A scope for beforeAll: `const scope = createScope(); afterAll(scope.close)`. */
export function createScope(): Scope & { close(): Promise<void> } {
  const cleanUps: (() => Promise<void> | void)[] = [];
  return {
    onTestFinished(cleanUp) {
      cleanUps.push(cleanUp);
    },
    async close() {
      for (const cleanUp of cleanUps.reverse()) await cleanUp();
    },
  };
}

export interface TestParts {
  consulUrl: string;
  /** May do everything. */
  consulToken: string;
  redisUrl: string;
  mysqlAdminUrl: string;
  internalKey: string;
  tokenSigningKeys: string;
}

const servicesFolder = resolve(import.meta.dirname, '../../services');

const stackFile = z.object({
  ports: z.object({ consulHttp: z.number(), mariadb: z.number(), redis: z.number() }),
});
const secretsFile = z.object({
  consulManagement: z.string(),
  mariadbAdmin: z.string(),
  redisAdmin: z.string(),
  internalKey: z.string(),
  tokenSigningKeys: z.string(),
});

export function testParts(folder = process.env.MF_TEST_STACK_DIR): TestParts {
  if (!folder) throw new Error('expected MF_TEST_STACK_DIR, which test/setup/parts.ts sets');
  const read = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));
  const { ports } = stackFile.parse(read('stack.json'));
  const secrets = secretsFile.parse(read('secrets.json'));
  return {
    consulUrl: `http://127.0.0.1:${ports.consulHttp}`,
    consulToken: secrets.consulManagement,
    redisUrl: `redis://admin:${secrets.redisAdmin}@127.0.0.1:${ports.redis}`,
    mysqlAdminUrl: `mysql://admin:${secrets.mariadbAdmin}@127.0.0.1:${ports.mariadb}`,
    internalKey: secrets.internalKey,
    tokenSigningKeys: secrets.tokenSigningKeys,
  };
}

/** A schema as the service's migrations make it, dropped afterwards; its MYSQL_URL. */
export async function testSchema(scope: Scope, service: string): Promise<string> {
  const url = await emptySchema(scope, service);
  await migrate(url, join(servicesFolder, service, 'migrations'), silentLog);
  return url;
}

export async function emptySchema(scope: Scope, name: string): Promise<string> {
  const { mysqlAdminUrl } = testParts();
  const schema = `t_${name}_${random()}`;
  const run = async (statement: string) => {
    const connection = await createConnection(mysqlAdminUrl);
    await connection.query(statement);
    await connection.end();
  };
  await run(`CREATE DATABASE ${schema} CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_ai_ci`);
  scope.onTestFinished(() => run(`DROP DATABASE ${schema}`));
  return `${mysqlAdminUrl}/${schema}`;
}

/**
 * The environment for startService(); with `EVENTS_STREAM` in `extra`, several services share one
 * stream.
 */
export async function testSettings(
  scope: Scope,
  service: string,
  extra: Record<string, string> = {},
): Promise<Record<string, string>> {
  const parts = testParts();
  const keepsData = existsSync(join(servicesFolder, service, 'migrations'));
  return {
    CONSUL_URL: parts.consulUrl,
    CONSUL_TOKEN: parts.consulToken,
    REDIS_URL: parts.redisUrl,
    EVENTS_STREAM: `t:${random()}`,
    INTERNAL_KEY: parts.internalKey,
    ...(keepsData && !extra.MYSQL_URL ? { MYSQL_URL: await testSchema(scope, service) } : {}),
    ...(service === 'tokens' ? { TOKEN_SIGNING_KEYS: parts.tokenSigningKeys } : {}),
    // Of its own, as an instance takes those of the same program that were there before for dead.
    MF_PROGRAM: `test-${service}-${random()}`,
    LOG_LEVEL: 'silent',
    DRAIN_GRACE_MS: '0',
    ...extra,
  };
}

export const random = (): string => randomBytes(4).toString('hex');
