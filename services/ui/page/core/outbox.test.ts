import { expect, test } from 'vitest';
import { nextLetter, type Outbox, type OutboxEvent, pauseAfter, reduceOutbox } from './outbox.ts';

const letter = (key: string, writtenAt: number) => ({
  key,
  room: 'general',
  source: key,
  writtenAt,
});
const written = (key: string, at: number): OutboxEvent => ({
  type: 'written',
  letter: letter(key, at),
});
const after = (...events: OutboxEvent[]) => events.reduce<Outbox>(reduceOutbox, []);

test('letters go out in the order in which they were written, one at a time', () => {
  const outbox = after(written('second', 2), written('first', 1));
  expect(nextLetter(outbox)?.key).toBe('first');
  expect(nextLetter(reduceOutbox(outbox, { type: 'sending', key: 'first' }))).toBeUndefined();
});

test('a letter that is postponed keeps its place before later ones', () => {
  const outbox = after(
    written('first', 1),
    written('second', 2),
    { type: 'sending', key: 'first' },
    { type: 'postponed', key: 'first', now: 1000, trouble: 'No connection.' },
  );
  expect(nextLetter(outbox)).toMatchObject({ key: 'first', notBefore: 2000, tries: 1 });
});

test('a refused letter waits for its writer and lets the others pass', () => {
  const refused: OutboxEvent = { type: 'refused', key: 'first', trouble: 'Too long.' };
  const outbox = after(written('first', 1), written('second', 2), refused);
  expect(nextLetter(outbox)?.key).toBe('second');
  expect(nextLetter(reduceOutbox(outbox, { type: 'retried', key: 'first' }))?.key).toBe('first');
});

test('the same letter read from the shelf twice is there once', () => {
  expect(after(written('one', 1), written('one', 1))).toHaveLength(1);
});

test('pauses double up to a limit', () => {
  expect([1, 2, 3, 4, 5, 50].map(pauseAfter)).toEqual([1000, 2000, 4000, 8000, 15_000, 15_000]);
});
