import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { breakingParts, isContracting, refuseSilentContraction } from './expand-only.ts';

test.for([
  'CREATE TABLE notes (id INT PRIMARY KEY, text TEXT NOT NULL, UNIQUE KEY by_text (text))',
  'CREATE TABLE IF NOT EXISTS notes (id INT PRIMARY KEY)',
  'CREATE INDEX by_time ON notes (at)',
  'ALTER TABLE notes ADD COLUMN at INT NULL',
  'ALTER TABLE notes ADD IF NOT EXISTS at INT',
  "ALTER TABLE notes ADD COLUMN at VARCHAR(9) NOT NULL DEFAULT 'never'",
  'ALTER TABLE notes ADD COLUMN (a INT, b INT NOT NULL DEFAULT 0)',
  'ALTER TABLE notes ADD COLUMN size INT NOT NULL AS (LENGTH(text)) STORED',
  'ALTER TABLE notes ADD INDEX by_time (at), ADD KEY by_size (size), ALGORITHM=INPLACE',
  'ALTER TABLE notes ALTER COLUMN at SET DEFAULT 3',
  "INSERT INTO notes (text) VALUES ('DROP TABLE notes; RENAME it')",
  'UPDATE notes SET at = 0 WHERE at IS NULL',
  '-- DROP TABLE notes;\n/* RENAME */ SELECT 1 # MODIFY',
  'ALTER TABLE notes ADD COLUMN `unique` INT NULL',
])('%s leaves older releases running', (sql) => {
  expect(breakingParts(sql)).toEqual([]);
});

test.for([
  'DROP TABLE notes',
  'TRUNCATE notes',
  'DELETE FROM notes',
  'RENAME TABLE notes TO letters',
  'CREATE OR REPLACE TABLE notes (id INT)',
  'CREATE UNIQUE INDEX by_text ON notes (text)',
  'CREATE TRIGGER t BEFORE INSERT ON notes FOR EACH ROW SET NEW.a = 1',
  'ALTER TABLE notes DROP COLUMN text',
  'ALTER TABLE notes ADD COLUMN a INT NULL, DROP COLUMN text',
  'ALTER TABLE notes RENAME COLUMN text TO body',
  'ALTER TABLE notes RENAME TO letters',
  'ALTER TABLE notes MODIFY text VARCHAR(10)',
  'ALTER TABLE notes CHANGE text text VARCHAR(10)',
  'ALTER TABLE notes ADD COLUMN at INT NOT NULL',
  'ALTER TABLE notes ADD COLUMN (a INT, at INT NOT NULL)',
  'ALTER TABLE notes ADD COLUMN at INT UNIQUE',
  'ALTER TABLE notes ADD UNIQUE KEY by_text (text)',
  'ALTER TABLE notes ADD CONSTRAINT short CHECK (LENGTH(text) < 9)',
  'ALTER TABLE notes ADD FOREIGN KEY (user_id) REFERENCES users (id)',
  'ALTER TABLE notes CONVERT TO CHARACTER SET ascii',
  'INSERT INTO notes (id) VALUES (1) ON DUPLICATE KEY UPDATE text = NULL',
  'SELECT 1; drop table notes;',
  '/*!50000 DROP TABLE notes */',
  '/*M!100000 DROP TABLE notes */',
  "SELECT 'it''s'; DROP TABLE notes; SELECT 'x'",
  'alter table `notes`\n  drop\n  column text',
])('%s is refused', (sql) => {
  expect(breakingParts(sql)).toHaveLength(1);
});

test('the refusal names the file and what in it is wrong, and says what to do', () => {
  const migration = { name: '0003-less.sql', sql: '-- Less.\nALTER TABLE notes DROP COLUMN text' };
  expect(() => refuseSilentContraction(migration)).toThrow(
    /^0003-less.sql would break the release before it \(DROP COLUMN text\): expand first.*'-- contract'/,
  );
});

test('a file that says in its first line that it contracts may', () => {
  const sql = '-- contract: nobody has read it since 1.4\nDROP TABLE notes';
  expect(isContracting({ name: '0003-less.sql', sql })).toBe(true);
  expect(() => refuseSilentContraction({ name: '0003-less.sql', sql })).not.toThrow();
  expect(isContracting({ name: '4-more.sql', sql: `SELECT 1;\n${sql}` })).toBe(false);
});

test('the migrations of our own services only expand', () => {
  const services = join(import.meta.dirname, '../../services');
  for (const service of readdirSync(services)) {
    const folder = join(services, service, 'migrations');
    const names = (() => {
      try {
        return readdirSync(folder);
      } catch {
        return []; // a service without a schema
      }
    })();
    for (const name of names) {
      refuseSilentContraction({ name, sql: readFileSync(join(folder, name), 'utf8') });
    }
  }
});
