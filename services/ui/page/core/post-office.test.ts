import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ApiError } from './api.ts';
import type { Message } from './models.ts';
import type { Outbox, OutboxEntry } from './outbox.ts';
import { createPostOffice } from './post-office.ts';
import type { Shelf } from './shelf.ts';
import { createStore } from './store.ts';
import { fakeRoom } from './testing/room.ts';
import { fakeBrowser } from './testing/shelf.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const offline = () => new ApiError('unreachable', 'No connection.');

/** A service that makes one message a key, however often it is asked, and a post office in front of it. */
function build(shelf: Shelf, room = fakeRoom()) {
  const byKey = new Map<string, Message>();
  const sent: string[] = [];
  const keys = new Set<string>();
  const outbox = createStore<Outbox>([]);
  const delivered: Message[] = [];
  let answer: (entry: OutboxEntry) => Message = accept;

  function accept({ key, source }: OutboxEntry): Message {
    const message = byKey.get(key) ?? room.post(source, { key, user_id: 7 });
    byKey.set(key, message);
    return message;
  }

  const office = createPostOffice({
    userId: 7,
    outbox,
    shelf,
    send: async (entry) => {
      sent.push(entry.source);
      keys.add(entry.key);
      return answer(entry);
    },
    onDelivered: (message) => delivered.push(message),
  });
  const answerWith = (next: typeof answer) => {
    answer = next;
  };
  return { office, outbox, sent, keys, delivered, room, accept, answerWith };
}

test('a letter is sent with the same key until it is acknowledged, and is in the room once', async () => {
  const { office, outbox, keys, room, accept, answerWith } = build(fakeBrowser().tab());
  answerWith((entry) => {
    accept(entry); // It was stored, but the answer is lost.
    throw offline();
  });
  office.write('general', 'a');
  await vi.advanceTimersByTimeAsync(4000);
  expect(outbox.get()).toMatchObject([
    { source: 'a', state: 'waiting', trouble: 'No connection.' },
  ]);
  answerWith(accept);
  await vi.advanceTimersByTimeAsync(15_000);
  expect(outbox.get()).toEqual([]);
  expect(keys.size).toBe(1);
  expect(room.all().map((message) => message.source)).toEqual(['a']);
});

test('what was not acknowledged survives a reload, in its order', async () => {
  const { tab, values } = fakeBrowser();
  const before = build(tab());
  before.answerWith(() => {
    throw offline();
  });
  before.office.write('general', 'a');
  before.office.write('general', 'b');
  await vi.advanceTimersByTimeAsync(100);
  before.office.stop();

  const after = build(tab());
  await vi.advanceTimersByTimeAsync(100);
  expect(after.sent).toEqual(['a', 'b']);
  expect(values.size).toBe(0);
});

test('another tab shows the letter, leaves the sending to its owner, and takes over where the owner is gone', async () => {
  const { tab } = fakeBrowser();
  const owner = build(tab());
  const other = build(tab());
  owner.answerWith(() => {
    throw offline();
  });
  owner.office.write('general', 'a');
  await vi.advanceTimersByTimeAsync(100);
  expect(other.outbox.get()).toMatchObject([{ source: 'a', state: 'waiting' }]);
  expect(other.sent).toEqual([]);
  owner.office.stop();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(other.sent).toEqual(['a']);
});

test('a push that brings our own message is an acknowledgement, and tells the other tabs', async () => {
  const { tab } = fakeBrowser();
  const [one, other] = [build(tab()), build(tab())];
  one.answerWith(() => {
    throw offline();
  });
  one.office.write('general', 'a');
  await vi.advanceTimersByTimeAsync(100);
  const key = [...one.keys].join();
  one.office.arrived(one.room.post('a', { key, user_id: 8 }));
  expect(one.outbox.get(), 'the same key of somebody else is not ours').toHaveLength(1);
  one.office.arrived(one.room.post('a', { key, user_id: 7 }));
  expect(one.outbox.get()).toEqual([]);
  expect(other.outbox.get()).toEqual([]);
});

test('a refused letter stays, with its reason, until it is sent again or discarded', async () => {
  const { office, outbox, keys, answerWith } = build(fakeBrowser().tab());
  answerWith(() => {
    throw new ApiError('refused', 'Too long.', { status: 400 });
  });
  office.write('general', 'a');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(outbox.get()).toMatchObject([{ state: 'refused', trouble: 'Too long.', tries: 1 }]);
  const [key = ''] = keys;
  office.retry(key);
  await vi.advanceTimersByTimeAsync(10);
  expect(outbox.get()).toMatchObject([{ state: 'refused', tries: 2 }]);
  office.discard(key);
  expect(outbox.get()).toEqual([]);
});

test('an ended session postpones a letter and does not refuse it', async () => {
  const { office, outbox, answerWith, accept } = build(fakeBrowser().tab());
  answerWith(() => {
    throw new ApiError('refused', 'Not signed in.', { status: 401 });
  });
  office.write('general', 'a');
  await vi.advanceTimersByTimeAsync(10);
  expect(outbox.get()).toMatchObject([{ state: 'waiting' }]);
  answerWith(accept);
  office.hurry();
  await vi.advanceTimersByTimeAsync(1000);
  expect(outbox.get()).toEqual([]);
});

test('however often circumstances seem to change, a letter that fails is not sent at once again', async () => {
  const { office, sent, answerWith } = build(fakeBrowser().tab());
  answerWith(() => {
    office.hurry();
    throw new ApiError('unavailable', 'read only', { status: 503 });
  });
  office.write('general', 'a');
  await vi.advanceTimersByTimeAsync(10_000);
  expect(sent.length).toBeGreaterThan(2);
  expect(sent.length).toBeLessThan(12);
});

test('a clock that is put back holds no letter up', async () => {
  const { office, outbox, accept, answerWith } = build(fakeBrowser().tab());
  answerWith(() => {
    throw offline();
  });
  office.write('general', 'a');
  await vi.advanceTimersByTimeAsync(100);
  vi.setSystemTime(Date.now() - 7_200_000);
  answerWith(accept);
  await vi.advanceTimersByTimeAsync(5000);
  expect(outbox.get()).toEqual([]);
});
