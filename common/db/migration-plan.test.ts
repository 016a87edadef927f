import { expect, test } from 'vitest';
import { planMigrations, sha256Of } from './migration-plan.ts';

const file = (name: string, sql = `-- ${name}`) => ({ name, sql });
const applied = (...files: { name: string; sql: string }[]) =>
  files.map((one) => ({ name: one.name, sha256: sha256Of(one) }));

const first = file('1-users.sql');
const second = file('2-presence.sql');
const tenth = file('10-index.sql');

test('migrations apply in the order of their numbers, not of their letters', () => {
  expect(planMigrations([tenth, second, first], [])).toEqual([first, second, tenth]);
});

test('what has been applied is not applied again', () => {
  expect(planMigrations([first, second], applied(first))).toEqual([second]);
  expect(planMigrations([first, second], applied(first, second))).toEqual([]);
});

test('a migration that was changed after it had been applied is refused', () => {
  const changed = file('1-users.sql', 'DROP TABLE users');
  expect(() => planMigrations([changed], applied(first))).toThrow('1-users.sql was changed');
});

test('a migration cannot be put before one that has been applied', () => {
  expect(() => planMigrations([first, second], applied(second))).toThrow('2-presence.sql');
});

test('a schema that is ahead of the files is left alone', () => {
  expect(() => planMigrations([first], applied(first, second))).toThrow('got no file');
});

test.for([[file('one.sql')], [file('1.sql')], [file('1-a.sql'), file('01-b.sql')]])(
  'names that have no order of their own are refused',
  (files) => {
    expect(() => planMigrations(files, [])).toThrow(/^expected/);
  },
);
