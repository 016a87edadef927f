import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { drainSockets, slicesOf } from './drain.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const socket = () => ({ emit: vi.fn(), conn: { close: vi.fn() } });

it('takes a few at once and many in at most fifty slices', () => {
  const counts = [0, 20, 100, 10_000].map(
    (count) => slicesOf(Array(count).fill('a socket')).length,
  );
  expect(counts).toEqual([0, 1, 5, 50]);
});

it('tells a socket to move and closes it later, and goes through them slice by slice', async () => {
  const all = Array.from({ length: 60 }, socket);
  const done = drainSockets(all);
  const told = () => all.filter((one) => one.emit.mock.calls.length > 0).length;
  const closed = () => all.filter((one) => one.conn.close.mock.calls.length > 0).length;
  expect(told()).toBe(20);
  expect(all[0]?.emit).toHaveBeenCalledWith('reconnect_soon', { within_ms: 1_000 });
  await vi.advanceTimersByTimeAsync(200);
  expect(told()).toBe(60);
  await vi.advanceTimersByTimeAsync(1_299);
  expect(closed()).toBe(0);
  await vi.advanceTimersByTimeAsync(1);
  expect(closed()).toBe(20);
  await vi.advanceTimersByTimeAsync(200);
  await done;
  expect(closed()).toBe(60);
});
