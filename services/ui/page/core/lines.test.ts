import { expect, test } from 'vitest';
import { lastOwn, linesOf } from './lines.ts';
import type { OutboxEntry } from './outbox.ts';
import { fakeRoom } from './testing/room.ts';

const me = 7;
const place = { room: 'general', me };
const entry = (key: string): OutboxEntry => ({
  key,
  room: 'general',
  source: key,
  writtenAt: 1,
  state: 'waiting',
  tries: 0,
  notBefore: 0,
});

test('a letter becomes the stored message under the same id, and is never there twice', () => {
  const room = fakeRoom();
  const before = linesOf([], [entry('k')], place);
  const after = linesOf([room.post('k', { key: 'k', user_id: me })], [entry('k')], place);
  expect(before.map((line) => [line.id, line.kind])).toEqual([['key-k', 'letter']]);
  expect(after.map((line) => [line.id, line.kind])).toEqual([['key-k', 'message']]);
});

test('the same key of somebody else hides nothing, nor do letters to other rooms show', () => {
  const room = fakeRoom();
  const message = room.post('k', { key: 'k', user_id: 8 });
  const lines = linesOf([message], [entry('k'), { ...entry('other'), room: 'other' }], place);
  expect(lines.map((line) => line.id)).toEqual([`id-${message.id}`, 'key-k']);
});

test("arrow-up finds the newest message of one's own", () => {
  const room = fakeRoom();
  const messages = [
    room.post('a', { user_id: me }),
    room.post('b', { user_id: me }),
    room.post('c'),
  ];
  expect(lastOwn(linesOf(messages, [], place), me)?.message.source).toBe('b');
  expect(lastOwn(linesOf(messages.slice(2), [], place), me)).toBeUndefined();
});
