import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mariadbPart } from '../parts/mariadb.ts';
import { makeTestStack, type TestStack } from '../testing/run-part.ts';
import { withAdmin } from './admin-connection.ts';
import { migrationsUser, schemaStatements } from './schemas.ts';

let stack: TestStack;

beforeAll(async () => {
  stack = await makeTestStack(['users', 'a_b']);
  await stack.run(mariadbPart(stack));
  await make('users');
  await make('a_b');
});
afterAll(() => stack.end());

async function make(service: string) {
  const passwords = stack.secrets.mariadb[service] ?? { app: '', migrations: '' };
  await withAdmin(stack, async (connection) => {
    for (const statement of schemaStatements(service, passwords)) await connection.query(statement);
  });
}

async function as(user: string, password: string | undefined, sql: string) {
  const connection = await createConnection({
    host: '127.0.0.1',
    port: stack.ports.mariadb,
    user,
    password: password ?? '',
  });
  try {
    const [rows] = await connection.query(sql);
    return rows;
  } finally {
    connection.destroy();
  }
}

const asApp = (service: string, sql: string) =>
  as(service, stack.secrets.mariadb[service]?.app, sql);
const asMigrations = (service: string, sql: string) =>
  as(migrationsUser(service), stack.secrets.mariadb[service]?.migrations, sql);

test('a service writes rows of its own tables, which only its migrations can change', async () => {
  await asMigrations('users', 'CREATE TABLE users.people (name VARCHAR(32) PRIMARY KEY)');
  await asApp('users', "INSERT INTO users.people VALUES ('小林 🙂')");
  expect(await asApp('users', 'SELECT name FROM users.people')).toEqual([{ name: '小林 🙂' }]);
  await expect(asApp('users', 'CREATE TABLE users.more (n INT PRIMARY KEY)')).rejects.toThrow(
    /denied/,
  );
  await expect(asApp('users', 'DROP TABLE users.people')).rejects.toThrow(/denied/);
});

test('neither a service nor its migrations touch another’s schema', async () => {
  for (const run of [asApp, asMigrations]) {
    await expect(run('a_b', 'SELECT * FROM users.people')).rejects.toThrow(/denied/);
    await expect(run('a_b', 'SELECT * FROM mysql.global_priv')).rejects.toThrow(/denied/);
    await expect(run('a_b', 'CREATE DATABASE axb')).rejects.toThrow(/denied/);
  }
});

test('an underscore in a schema’s name stands for itself alone', async () => {
  await withAdmin(stack, (connection) => connection.query('CREATE DATABASE axb'));
  await expect(asMigrations('a_b', 'CREATE TABLE axb.t (n INT PRIMARY KEY)')).rejects.toThrow(
    /denied/,
  );
});

test('a new password takes the old one’s place', async () => {
  const old = stack.secrets.mariadb.users?.app;
  stack.secrets.mariadb.users = { app: "it's \\ new", migrations: 'too' };
  await make('users');
  await expect(as('users', old, 'SELECT 1')).rejects.toThrow(/denied/);
  expect(await asApp('users', 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});
