import { expect, test } from 'vitest';
import { dayLabel, groupLines, type Line } from './grouping.ts';

const at = (time: string) => new Date(`2026-11-${time}`).getTime();
const line = (id: string, userId: number, time: string): Line => ({ id, userId, at: at(time) });
const shape = (lines: Line[], breakBefore?: string) =>
  groupLines(lines, breakBefore).map((day) => day.turns.map((turn) => turn.lines.map((l) => l.id)));

test('lines of one person within five minutes are one turn', () => {
  const lines = [
    line('a', 1, '20T10:00'),
    line('b', 1, '20T10:04'),
    line('c', 2, '20T10:05'),
    line('d', 1, '20T10:06'),
    line('e', 1, '20T10:12'),
  ];
  expect(shape(lines)).toEqual([[['a', 'b'], ['c'], ['d'], ['e']]]);
});

test('midnight ends a day and with it the turn', () => {
  expect(shape([line('a', 1, '20T23:59'), line('b', 1, '21T00:00')])).toEqual([[['a']], [['b']]]);
});

test('the unread marker splits a turn', () => {
  const lines = [line('a', 1, '20T10:00'), line('b', 1, '20T10:01'), line('c', 1, '20T10:02')];
  expect(shape(lines, 'b')).toEqual([[['a'], ['b', 'c']]]);
});

test('days are named from where the reader stands', () => {
  const now = at('21T09:00');
  expect(dayLabel('2026-11-21', now)).toBe('Today');
  expect(dayLabel('2026-11-20', now)).toBe('Yesterday');
  // Whether a comma follows the weekday is the locale data's business.
  expect(dayLabel('2026-11-03', now)).toMatch(/^Tuesday,? 3 November$/);
  expect(dayLabel('2025-11-03', now)).toMatch(/^Monday,? 3 November 2025$/);
});
