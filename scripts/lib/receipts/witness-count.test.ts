import { expect, test } from 'vitest';
import { countsOf, type Post } from './witness-count.ts';

const post = (number: number, change: Partial<Post> = {}): Post => ({
  text: `message ${number}`,
  number,
  sentAtMs: 100 * number,
  id: number,
  failures: 0,
  ...change,
});

const posts = [post(1), post(2), post(3)];

function count(said: readonly Post[], texts: readonly string[]) {
  const atMs = new Map(texts.map((text) => [text, 500]));
  return countsOf(said, { texts, atMs, reconnects: 0 });
}

test('what arrived once and in order is neither lost nor doubled', () => {
  expect(count(posts, ['message 1', 'message 2', 'message 3'])).toEqual({
    sent: 3,
    failed: 0,
    abandoned: 0,
    seen: 3,
    lost: 0,
    doubled: 0,
    outOfOrder: 0,
    reconnects: 0,
    slowestMs: 400,
  });
});

test('what was acknowledged and is not there is lost', () => {
  expect(count(posts, ['message 1', 'message 3'])).toMatchObject({ seen: 2, lost: 1 });
});

test('what was never acknowledged is not lost, whether it is there or not', () => {
  const refused = post(2, { id: undefined, failures: 5 });
  expect(count([post(1), refused], ['message 1'])).toMatchObject({
    lost: 0,
    failed: 5,
    abandoned: 1,
  });
});

test('what is there twice is doubled, and not out of order as well', () => {
  const texts = ['message 1', 'message 2', 'message 1', 'message 3'];
  expect(count(posts, texts)).toMatchObject({ doubled: 1, outOfOrder: 0, lost: 0 });
});

test('what comes after one that was posted later is out of order', () => {
  expect(count(posts, ['message 2', 'message 1', 'message 3'])).toMatchObject({ outOfOrder: 1 });
});
