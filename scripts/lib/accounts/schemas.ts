/**
 * A schema for each service that keeps data, and the two users that may touch it: the service
 * itself, which reads and writes rows, and its migrations, which change tables too.
 *
 * `mf up` calls this every time, and `mf run` for the service it starts. It creates what is not there and sets every password to the
 * stack's, so that new passwords reach the database too. Never drops anything, and makes no tables:
 * those are the migrations' business.
 */
import type { Service } from '../services.ts';
import type { Stack } from '../stack.ts';
import { withAdmin } from './admin-connection.ts';

const rowRights = 'SELECT, INSERT, UPDATE, DELETE, EXECUTE';
const tableRights = `${rowRights}, CREATE, ALTER, DROP, INDEX, REFERENCES, CREATE ROUTINE, ALTER ROUTINE, TRIGGER`;

export async function ensureSchemas(
  stack: Stack,
  services: readonly Pick<Service, 'name' | 'hasMigrations'>[],
): Promise<void> {
  const statements = services
    .filter(({ hasMigrations }) => hasMigrations)
    .flatMap(({ name }) => schemaStatements(name, passwordsOf(stack, name)));
  if (statements.length === 0) return;
  await withAdmin(stack, async (connection) => {
    for (const statement of statements) await connection.query(statement);
  });
}

/** The name of the database user that runs a service's migrations. */
export function migrationsUser(service: string): string {
  return `${service}_migrations`;
}

/** Users come from this machine alone. */
export function schemaStatements(
  service: string,
  passwords: { app: string; migrations: string },
): string[] {
  const schema = identifier(service);
  // In a GRANT the schema's name is a pattern, in which _ is any letter.
  const pattern = schema.replaceAll('_', '\\_');
  const user = (name: string, password: string, rights: string) => [
    // With its password at once: there is no moment without one.
    `CREATE USER IF NOT EXISTS ${text(name)}@'127.0.0.1' IDENTIFIED BY ${text(password)}`,
    `ALTER USER ${text(name)}@'127.0.0.1' IDENTIFIED BY ${text(password)}`,
    `GRANT ${rights} ON ${pattern}.* TO ${text(name)}@'127.0.0.1'`,
  ];
  return [
    `CREATE DATABASE IF NOT EXISTS ${schema} CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_ai_ci`,
    ...user(service, passwords.app, rowRights),
    ...user(migrationsUser(service), passwords.migrations, tableRights),
  ];
}

function passwordsOf({ secrets }: Stack, service: string) {
  const passwords = secrets.mariadb[service];
  if (!passwords) throw new Error(`the stack has no database passwords for ${service}`);
  return passwords;
}

function identifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

function text(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
