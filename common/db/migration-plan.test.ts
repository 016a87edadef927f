import { expect, test } from 'vitest';
import { isContracting, type Migration } from './expand-only.ts';
import { planMigrations, sha256Of } from './migration-plan.ts';

const file = (name: string, sql = `-- ${name}`): Migration => ({ name, sql });
const applied = (...files: Migration[]) =>
  files.map((one) => ({
    name: one.name,
    sha256: sha256Of(one),
    contracting: isContracting(one),
  }));
const plan = (files: readonly Migration[], history: ReturnType<typeof applied>, alone = false) => {
  const { apply, withheld } = planMigrations(files, history, alone);
  return { apply: apply.map(({ name }) => name), withheld: withheld.map(({ name }) => name) };
};

const first = file('1-users.sql');
const second = file('2-presence.sql');
const third = file('3-less.sql', '-- contract\nDROP TABLE old_presence');
const tenth = file('10-index.sql');

test('migrations apply in the order of their numbers, not of their letters', () => {
  expect(plan([tenth, second, first], []).apply).toEqual([first.name, second.name, tenth.name]);
});

test('what has been applied is not applied again', () => {
  expect(plan([first, second], applied(first)).apply).toEqual([second.name]);
  expect(plan([first, second], applied(first, second)).apply).toEqual([]);
});

test('a migration that was changed after it had been applied is refused', () => {
  const changed = file('1-users.sql', 'SELECT 1');
  expect(() => plan([changed], applied(first))).toThrow('1-users.sql was changed');
});

test('a migration cannot be put before one that has been applied', () => {
  expect(() => plan([first, second], applied(second))).toThrow('2-presence.sql');
});

test('an older release goes on with a newer schema', () => {
  expect(plan([first], applied(first, second))).toEqual({ apply: [], withheld: [] });
});

test('an older release is refused when what it needs has been taken away', () => {
  expect(() => plan([first, second], applied(first, second, third))).toThrow('3-less.sql');
});

test('what takes something away waits while an older release runs', () => {
  const files = [first, second, third];
  expect(plan(files, applied(first))).toEqual({ apply: [second.name], withheld: [third.name] });
  expect(plan(files, applied(first), true)).toEqual({
    apply: [second.name, third.name],
    withheld: [],
  });
});

test('a schema that nobody has used is brought up to date at once', () => {
  expect(plan([first, third], [])).toEqual({ apply: [first.name, third.name], withheld: [] });
});

test('what expands cannot come after what waits', () => {
  expect(() => plan([first, third, tenth], applied(first))).toThrow(/^10-index.sql .*3-less.sql/);
  expect(plan([first, third, tenth], applied(first), true).withheld).toEqual([]);
});

test('what would break an older release is refused unless it says so', () => {
  const silent = file('2-presence.sql', 'DROP TABLE users');
  expect(() => plan([first, silent], applied(first), true)).toThrow('2-presence.sql would break');
  expect(plan([first, silent], applied(first, silent)).apply).toEqual([]);
});

test.for([[file('one.sql')], [file('1.sql')], [file('1-a.sql'), file('01-b.sql')]])(
  'names that have no order of their own are refused',
  (files) => {
    expect(() => plan(files, [])).toThrow(/^expected/);
  },
);
