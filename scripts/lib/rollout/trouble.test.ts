import { expect, test } from 'vitest';
import { type Row, total } from '../receipts/haproxy-counters.ts';
import { answersOf, since, troubleOf } from './trouble.ts';

const none = total([]);
const server = (name: string, counts: Partial<Row['counts']>): Row => ({
  proxy: 'be_notes',
  name,
  kind: 'server',
  counts: { ...none, ...counts },
});

test('errors are answers of 5xx, no answers, and requests that another instance had to take', () => {
  const rows = [
    server('notes-1-a', { requests: 10, failed: 1 }),
    server('notes-1-a', { requests: 5, unanswered: 1, answerErrors: 1, retried: 2 }),
    server('notes-2-b', { requests: 100, failed: 100 }),
    { ...server('notes-1-a', { requests: 1_000 }), kind: 'backend' as const },
  ];
  expect(answersOf(rows, new Set(['notes-1-a']))).toEqual({ requests: 15, bad: 5 });
});

test('what came before does not count, unless HAProxy has begun to count anew', () => {
  expect(since({ requests: 90, bad: 40 }, { requests: 100, bad: 41 })).toEqual({
    requests: 10,
    bad: 1,
  });
  expect(since({ requests: 90, bad: 40 }, { requests: 5, bad: 1 })).toEqual({
    requests: 5,
    bad: 1,
  });
});

test('an instance whose answers are errors where those of others are none is trouble', () => {
  expect(troubleOf({ requests: 5, bad: 3 }, { requests: 100, bad: 0 })).toBe(
    "3 of 5 requests to it failed, of the others' 0 of 100",
  );
});

test('one error is not, nor is what all have in common', () => {
  expect(troubleOf({ requests: 2, bad: 2 }, { requests: 100, bad: 0 })).toBeUndefined();
  expect(troubleOf({ requests: 40, bad: 38 }, { requests: 100, bad: 95 })).toBeUndefined();
  expect(troubleOf({ requests: 0, bad: 0 }, { requests: 0, bad: 0 })).toBeUndefined();
});
