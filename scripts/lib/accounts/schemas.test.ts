import { expect, test } from 'vitest';
import { schemaStatements } from './schemas.ts';

test('a service may change rows of its schema, and its migrations tables too', () => {
  expect(schemaStatements('users', { app: 'one', migrations: "t'wo" })).toEqual([
    'CREATE DATABASE IF NOT EXISTS `users` CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_ai_ci',
    "CREATE USER IF NOT EXISTS 'users'@'127.0.0.1' IDENTIFIED BY 'one'",
    "ALTER USER 'users'@'127.0.0.1' IDENTIFIED BY 'one'",
    "GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE ON `users`.* TO 'users'@'127.0.0.1'",
    "CREATE USER IF NOT EXISTS 'users_migrations'@'127.0.0.1' IDENTIFIED BY 't''wo'",
    "ALTER USER 'users_migrations'@'127.0.0.1' IDENTIFIED BY 't''wo'",
    "GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE, CREATE, ALTER, DROP, INDEX, REFERENCES, CREATE ROUTINE, ALTER ROUTINE, TRIGGER ON `users`.* TO 'users_migrations'@'127.0.0.1'",
  ]);
});
