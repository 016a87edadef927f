import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withAdmin } from '../accounts/admin-connection.ts';
import { endProgram, listeningHosts, makeTestStack, type TestStack } from '../testing/run-part.ts';
import { mariadbPart } from './mariadb.ts';

let stack: TestStack;
let node: ChildProcess;
/** As a server at work on this machine has them: one that starts takes those in its own temporary folder for its past. */
const ofAnother = join(tmpdir(), `#sql-temptable-${process.pid}-1-1.MAD`);

beforeAll(async () => {
  await writeFile(ofAnother, '');
  stack = await makeTestStack([]);
  const part = mariadbPart(stack);
  if (stack.asRoot) await execa('chown', [part.program.user, ofAnother]);
  node = await stack.run(part);
});
afterAll(async () => {
  await rm(ofAnother, { force: true });
  await stack.end();
});

test('is made without touching the temporary tables of another that is made just then', async () => {
  await access(ofAnother);
});

const query = (sql: string) =>
  withAdmin(stack, async (connection) => {
    const [rows] = await connection.query(sql);
    return rows;
  });

test('keeps every committed row through a stop, a kill and another kill', async () => {
  await query('CREATE DATABASE kept');
  await query('CREATE TABLE kept.numbers (n INT PRIMARY KEY)');
  const rows: { n: number }[] = [];
  for (const [n, signal] of (['SIGTERM', 'SIGKILL', 'SIGKILL'] as const).entries()) {
    await query(`INSERT INTO kept.numbers VALUES (${n})`);
    rows.push({ n });
    await endProgram(node, signal);
    node = await stack.run(mariadbPart(stack));
    expect(await query('SELECT n FROM kept.numbers ORDER BY n')).toEqual(rows);
  }
});

test('listens on loopback alone, Galera included', async () => {
  expect(await listeningHosts(node)).toEqual(new Set(['127.0.0.1']));
});

test('nobody gets in without a name, and nobody from another machine', async () => {
  expect(
    await query("SELECT user, host FROM mysql.user WHERE user = '' OR host LIKE '%\\%%'"),
  ).toEqual([]);
  expect(await query('SELECT * FROM mysql.proxies_priv')).toEqual([]);
});

test('refuses a table without a primary key, which Galera could not replicate', async () => {
  await expect(query('CREATE TABLE kept.keyless (n INT)')).rejects.toThrow(/primary key/i);
});

test('does not begin a cluster anew where it had peers, and says so', async () => {
  await endProgram(node, 'SIGTERM');
  const state = join(stack.dir, 'mariadb/data/node/grastate.dat');
  const text = await readFile(state, 'utf8');
  await writeFile(state, text.replace('safe_to_bootstrap: 1', 'safe_to_bootstrap: 0'));
  node = await stack.start(mariadbPart(stack));
  expect(await once(node, 'exit')).toEqual([1, null]);
  expect(await readFile(join(stack.dir, 'mariadb.log'), 'utf8')).toMatch(/had peers/);
});
