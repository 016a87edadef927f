import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RowDataPacket } from 'mysql2/promise';
import { expect, type TestContext, test } from 'vitest';
import { contextFrom, runWithContext } from '../context.ts';
import { toServiceError } from '../errors.ts';
import { silentLog } from '../testing/log.ts';
import { emptySchema } from '../testing/parts.ts';
import { migrate } from './migrate.ts';
import { bounded, createPool } from './pool.ts';
import { withTransaction } from './transaction.ts';

interface Row extends RowDataPacket {
  value: unknown;
}

async function build(t: TestContext) {
  const url = await emptySchema(t, 'common');
  const pool = createPool(url, { size: 4 });
  t.onTestFinished(() => pool.end());
  const value = async (sql: string) => (await pool.query<Row[]>(sql))[0][0]?.value;
  return { url, pool, value };
}

/** A folder of migrations. */
function migrations(t: TestContext, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'mf-migrations-'));
  t.onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, sql] of Object.entries(files)) writeFileSync(join(folder, name), sql);
  return folder;
}

test('big numbers, times and emoji come back as they went in', async (t) => {
  const { pool, value } = await build(t);
  await pool.query('CREATE TABLE t (id BIGINT PRIMARY KEY, at DATETIME(3), text TEXT)');
  const at = new Date('2026-03-29T01:30:00.123Z');
  await pool.execute('INSERT INTO t VALUES (?, ?, ?)', ['9007199254740993', at, '🦊 狐']);
  expect(await value('SELECT id AS value FROM t')).toBe('9007199254740993');
  expect(await value('SELECT at AS value FROM t')).toEqual(at);
  expect(await value('SELECT text AS value FROM t')).toBe('🦊 狐');
});

test('an UPDATE counts the rows that it changed', async (t) => {
  const { pool } = await build(t);
  await pool.query('CREATE TABLE t (id INT PRIMARY KEY, n INT)');
  await pool.query('INSERT INTO t VALUES (1, 7)');
  const [result] = await pool.execute('UPDATE t SET n = 7 WHERE id = 1');
  expect(result).toMatchObject({ affectedRows: 0 });
});

test('every connection reads what is committed, and limits its statements', async (t) => {
  const { value } = await build(t);
  expect(await value('SELECT @@tx_isolation AS value')).toBe('READ-COMMITTED');
  expect(Number(await value('SELECT @@max_statement_time AS value'))).toBe(5);
});

test('the server stops a statement when its request has no time left', async (t) => {
  const { pool } = await build(t);
  const startedAt = performance.now();
  const late = contextFrom({ deadlineMs: '100' });
  const statement = runWithContext(late, () => pool.query(bounded('SELECT SLEEP(3)')));
  const error = await statement.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(performance.now() - startedAt).toBeLessThan(1_500);
  expect(toServiceError(error)).toMatchObject({ status: 503 });
});

test('a transaction is done as a whole or not at all', async (t) => {
  const { pool, value } = await build(t);
  await pool.query('CREATE TABLE t (id INT PRIMARY KEY)');
  const failing = withTransaction(pool, async (connection) => {
    await connection.query('INSERT INTO t VALUES (1)');
    throw new Error('changed my mind');
  });
  await expect(failing).rejects.toThrow('changed my mind');
  expect(await value('SELECT COUNT(*) AS value FROM t')).toBe(0);
  expect(await value('SELECT @@in_transaction AS value')).toBe(0);
});

test('two transactions that deadlock are both done, the one that lost from its beginning', async (t) => {
  const { pool, value } = await build(t);
  await pool.query('CREATE TABLE t (id INT PRIMARY KEY, n INT)');
  await pool.query('INSERT INTO t VALUES (1, 0), (2, 0)');
  let attempts = 0;
  let waiting = 0;
  const both = Promise.withResolvers<void>();
  const add = (first: number, second: number) =>
    withTransaction(pool, async (connection) => {
      attempts += 1;
      await connection.query('UPDATE t SET n = n + 1 WHERE id = ?', [first]);
      waiting += 1;
      if (waiting === 2) both.resolve();
      // Each holds its first row before either asks for its second: that is the deadlock.
      await both.promise;
      await connection.query('UPDATE t SET n = n + 1 WHERE id = ?', [second]);
    });
  await Promise.all([add(1, 2), add(2, 1)]);
  expect(attempts).toBe(3);
  expect(await value('SELECT GROUP_CONCAT(n) AS value FROM t')).toBe('2,2');
});

test('a transaction whose deadline has passed is not begun', async (t) => {
  const { pool } = await build(t);
  const late = contextFrom({ deadlineMs: '0' });
  const work = () => Promise.reject(new Error('it was begun'));
  await expect(runWithContext(late, () => withTransaction(pool, work))).rejects.toMatchObject({
    code: 'deadline_exceeded',
  });
});

test('migrations started at once are applied once', async (t) => {
  const { url, value } = await build(t);
  const folder = migrations(t, {
    '1-notes.sql': 'CREATE TABLE notes (id INT AUTO_INCREMENT PRIMARY KEY, text TEXT);',
    '2-first.sql':
      "INSERT INTO notes (text) VALUES ('one'); INSERT INTO notes (text) VALUES ('two');",
  });
  const runs = await Promise.all(Array.from({ length: 12 }, () => migrate(url, folder, silentLog)));
  expect(runs.filter((applied) => applied.length > 0)).toEqual([['1-notes.sql', '2-first.sql']]);
  expect(await value('SELECT COUNT(*) AS value FROM notes')).toBe(2);
});

test('a migration that fails says which, keeps those before it, and can be tried again', async (t) => {
  const { url, value } = await build(t);
  const first = { '1-notes.sql': 'CREATE TABLE notes (id INT PRIMARY KEY);' };
  const broken = migrations(t, { ...first, '2-more.sql': 'INSERT INTO more VALUES (1);' });
  await expect(migrate(url, broken, silentLog)).rejects.toThrow('2-more.sql');
  const repaired = migrations(t, {
    ...first,
    '2-more.sql': 'CREATE TABLE more (id INT PRIMARY KEY);',
  });
  expect(await migrate(url, repaired, silentLog)).toEqual(['2-more.sql']);
  expect(await value('SELECT COUNT(*) AS value FROM more')).toBe(0);
});

test('what takes something away waits for the word that no older release runs', async (t) => {
  const { url, value } = await build(t);
  const first = { '1-notes.sql': 'CREATE TABLE notes (id INT PRIMARY KEY, old INT);' };
  await migrate(url, migrations(t, first), silentLog);
  const both = migrations(t, {
    ...first,
    '2-more.sql': 'ALTER TABLE notes ADD COLUMN more INT NULL;',
    '3-less.sql': '-- contract\nALTER TABLE notes DROP COLUMN old;',
  });
  const columns = () =>
    value(
      "SELECT GROUP_CONCAT(column_name ORDER BY column_name) AS value FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'notes'",
    );
  expect(await migrate(url, both, silentLog)).toEqual(['2-more.sql']);
  expect(await columns()).toBe('id,more,old');
  expect(await migrate(url, migrations(t, first), silentLog)).toEqual([]);
  expect(await migrate(url, both, silentLog, { alone: true })).toEqual(['3-less.sql']);
  expect(await columns()).toBe('id,more');
  await expect(migrate(url, migrations(t, first), silentLog)).rejects.toThrow('3-less.sql');
});
