import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ApiError } from './api.ts';
import { createRoomKeeper, type RoomLogs } from './room-keeper.ts';
import { visibleMessages } from './room-log.ts';
import { createStore } from './store.ts';
import { fakeRoom } from './testing/room.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function build() {
  const room = fakeRoom();
  const logs = createStore<RoomLogs>(new Map());
  const endpoints = {
    latest: vi.fn(async () => room.latest(3)),
    after: vi.fn(async (_room: string, change: number) => room.after(change, 2)),
    before: vi.fn(async (_room: string, seq: number) => room.before(seq, 3)),
  };
  const keeper = createRoomKeeper(endpoints, logs);
  const sources = () => {
    const log = logs.get().get('general');
    return log ? visibleMessages(log).map((message) => message.source) : [];
  };
  return { room, endpoints, keeper, sources };
}

const passing = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test('a neighbour that overtook on the way costs no fetch', async () => {
  const { room, endpoints, keeper, sources } = build();
  keeper.open('general');
  await passing(10);
  const [first, second] = [room.post('first'), room.post('second')];
  keeper.pushed(second);
  await passing(50);
  keeper.pushed(first);
  await passing(1000);
  expect(sources()).toEqual(['first', 'second']);
  expect(endpoints.after).not.toHaveBeenCalled();
});

test('a long absence is caught up page by page, through failures', async () => {
  const { room, endpoints, keeper, sources } = build();
  keeper.open('general');
  await passing(10);
  for (const source of ['a', 'b', 'c', 'd', 'e']) room.post(source);
  endpoints.after.mockRejectedValueOnce(
    new ApiError('unavailable', 'no instance', { status: 503 }),
  );
  keeper.doubt();
  await passing(5000);
  expect(sources()).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('a beacon ahead of what any node can answer is asked for again, without haste', async () => {
  const { endpoints, keeper } = build();
  keeper.open('general');
  await passing(10);
  keeper.beacon('general', 5);
  await passing(2200);
  expect(endpoints.after.mock.calls.length).toBeGreaterThan(2);
  expect(endpoints.after.mock.calls.length).toBeLessThan(8);
});

test('older pages are loaded to the beginning and then no more', async () => {
  const { room, endpoints, keeper, sources } = build();
  for (const source of ['a', 'b', 'c', 'd', 'e']) room.post(source);
  keeper.open('general');
  await passing(10);
  expect(sources()).toEqual(['c', 'd', 'e']);
  await keeper.older('general');
  expect(sources()).toEqual(['a', 'b', 'c', 'd', 'e']);
  await keeper.older('general');
  expect(endpoints.before).toHaveBeenCalledTimes(1);
});
