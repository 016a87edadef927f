import { expect, test } from 'vitest';
import { type Reading, type ReadingEvent, reduceReading, unreadOf } from './unread.ts';

const me = 1;
const messages = (...authors: number[]) => authors.map((user_id, i) => ({ seq: i + 1, user_id }));
const seen = (looking: boolean, ...authors: number[]): ReadingEvent => ({
  type: 'messages',
  messages: messages(...authors),
  me,
  looking,
});
const after = (...events: ReadingEvent[]) =>
  events.reduce<Reading>(reduceReading, { readTo: undefined, line: undefined });

test('whoever comes for the first time has nothing unread', () => {
  expect(after(seen(false, 2, 2, 2))).toEqual({ readTo: 3, line: undefined });
});

test('the line stands before the first message that came unseen, and stays while one reads on', () => {
  const away = after(seen(true, 2), seen(false, 2, 2), seen(false, 2, 2, 2));
  expect(away).toEqual({ readTo: 1, line: 1 });
  const back = reduceReading(away, seen(true, 2, 2, 2));
  expect(back).toEqual({ readTo: 3, line: 1 });
  const awayAgain = reduceReading(back, seen(false, 2, 2, 2, 2));
  expect(awayAgain).toEqual({ readTo: 3, line: 3 });
  expect(reduceReading(awayAgain, { type: 'dismissed' }).line).toBeUndefined();
});

test("one's own messages are never unread", () => {
  const away = after(seen(true, 2), seen(false, 2, me, me));
  expect(away.line).toBeUndefined();
  expect(unreadOf(messages(2, me, 2, me), 1, me)).toEqual([{ seq: 3, user_id: 2 }]);
});

test('what another tab has read is read', () => {
  const away = after(seen(true, 2), seen(false, 2, 2));
  expect(reduceReading(away, { type: 'read-elsewhere', readTo: 2 }).readTo).toBe(2);
});
