import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ApiError } from './api.ts';
import { breathMs, createWorker } from './worker.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a worker sleeps until it is woken, and a wake-up during a step makes another step', async () => {
  let steps = 0;
  const worker = createWorker(async () => {
    steps += 1;
    if (steps === 1) worker.wake();
    return undefined;
  });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(steps).toBe(0);
  worker.wake();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(steps).toBe(2);
});

test('after a failure a wake-up does not cut the pause short, and hurry does', async () => {
  let steps = 0;
  const worker = createWorker(async () => {
    steps += 1;
    throw new ApiError('unreachable', 'No connection.');
  });
  worker.wake();
  await vi.advanceTimersByTimeAsync(500);
  worker.wake();
  await vi.advanceTimersByTimeAsync(100);
  expect(steps).toBe(1);
  await vi.advanceTimersByTimeAsync(400 + 2000 + 4000);
  expect(steps, 'pauses of 1, 2 and 4 s').toBe(4);
  worker.hurry();
  worker.hurry();
  await vi.advanceTimersByTimeAsync(breathMs);
  expect(steps, 'not after 8 s, and not at once').toBe(5);
});

test('two steps never overlap', async () => {
  let [inside, most] = [0, 0];
  const worker = createWorker(async () => {
    inside += 1;
    most = Math.max(most, inside);
    await new Promise((resolve) => setTimeout(resolve, 100));
    inside -= 1;
    return undefined;
  });
  for (let i = 0; i < 10; i += 1) {
    worker.wake();
    worker.hurry();
    await vi.advanceTimersByTimeAsync(30);
  }
  expect(most).toBe(1);
});

test('a clock that is put back holds nothing up', async () => {
  let steps = 0;
  const worker = createWorker(async () => {
    steps += 1;
    if (steps === 1) throw new ApiError('unreachable', 'No connection.');
    return undefined;
  });
  worker.wake();
  await vi.advanceTimersByTimeAsync(2000);
  vi.setSystemTime(Date.now() - 7_200_000);
  worker.wake();
  await vi.advanceTimersByTimeAsync(2000);
  expect(steps, 'failed, repeated, woken').toBe(3);
});
