import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ApiError } from './api.ts';
import { createPopularityKeeper } from './popularity-keeper.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const ranking = {
  people: [{ user_id: 1, nickname: 'Ann', messages: 3 }],
  query_ms: 4,
  instance: 'popularity-1-0000',
  version: 'popularity_v1',
};

function build(mostActive: () => Promise<typeof ranking> = async () => ranking) {
  const services = vi.fn(async (): Promise<string[]> => []);
  const asked = vi.fn(mostActive);
  const keeper = createPopularityKeeper({ services, mostActive: asked });
  return { keeper, services, asked, now: keeper.state.get };
}

test('a service that is not there is never asked, and is found within two seconds when it is', async () => {
  const { keeper, services, asked, now } = build();
  keeper.look(true);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(services.mock.calls.length).toBeGreaterThan(30);
  expect(asked).not.toHaveBeenCalled();
  expect(now().ranking).toBeUndefined();
  services.mockResolvedValue(['popularity']);
  await vi.advanceTimersByTimeAsync(2000);
  expect(now().ranking).toEqual(ranking);
  services.mockResolvedValue([]);
  await vi.advanceTimersByTimeAsync(4000);
  expect(now()).toEqual({ ranking: undefined, asking: false, attempts: [] });
});

test('it is asked every few seconds and at once on demand, for as long as somebody looks', async () => {
  const { keeper, services, asked } = build();
  services.mockResolvedValue(['popularity']);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).not.toHaveBeenCalled();
  keeper.look(true);
  await vi.advanceTimersByTimeAsync(0);
  expect(asked).toHaveBeenCalledTimes(1);
  keeper.hurry();
  await vi.advanceTimersByTimeAsync(0);
  expect(asked).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(asked).toHaveBeenCalledTimes(12);
  keeper.look(false);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(asked).toHaveBeenCalledTimes(12);
});

test('while a slow answer is waited for, the last one stays; one that does not come is counted', async () => {
  const slow = Promise.withResolvers<typeof ranking>();
  const { keeper, services, asked, now } = build();
  services.mockResolvedValue(['popularity']);
  keeper.look(true);
  await vi.advanceTimersByTimeAsync(0);
  asked.mockReturnValueOnce(slow.promise);
  await vi.advanceTimersByTimeAsync(9000);
  expect(asked).toHaveBeenCalledTimes(2);
  expect(now()).toMatchObject({ ranking, asking: true });
  slow.reject(new ApiError('unavailable', 'No answer in time.'));
  await vi.advanceTimersByTimeAsync(0);
  expect(now()).toMatchObject({ ranking, asking: false });
  expect(now().attempts).toEqual([{ number: 1, ms: 4, version: 'popularity_v1' }, { number: 2 }]);
});
