import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPresence } from './presence.ts';

const times = { presenceGraceMs: 2_000, presenceHeartbeatMs: 10_000 };

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function build(report = vi.fn(async (_online: number[]) => {})) {
  const log = { info: vi.fn(), warn: vi.fn() };
  return { report, log, presence: createPresence(report, log, times) };
}

describe('presence', () => {
  it('makes one report of many changes, with everybody in it', async () => {
    const { presence, report } = build();
    for (const id of [1, 2, 3]) presence.opened(id);
    await vi.advanceTimersByTimeAsync(49);
    expect(report).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(report.mock.calls).toEqual([[[1, 2, 3]]]);
  });

  it('reports a person once, however many tabs they open and close', async () => {
    const { presence, report } = build();
    presence.opened(1);
    await vi.advanceTimersByTimeAsync(50);
    presence.opened(1);
    presence.closed(1);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(report).toHaveBeenCalledTimes(1);
    expect(presence.online()).toEqual([1]);
  });

  it('lets a person go two seconds after their last tab closed', async () => {
    const { presence, report } = build();
    presence.opened(1);
    await vi.advanceTimersByTimeAsync(50);
    presence.closed(1);
    await vi.advanceTimersByTimeAsync(1_999);
    expect(presence.online()).toEqual([1]);
    await vi.advanceTimersByTimeAsync(51);
    expect(report.mock.calls).toEqual([[[1]], [[]]]);
  });

  it('does not notice a reload', async () => {
    const { presence, report } = build();
    presence.opened(1);
    await vi.advanceTimersByTimeAsync(50);
    presence.closed(1);
    await vi.advanceTimersByTimeAsync(1_500);
    presence.opened(1);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(report.mock.calls).toEqual([[[1]]]);
    expect(presence.online()).toEqual([1]);
  });

  it('repeats the set every ten seconds as the heartbeat of its lease', async () => {
    const { presence, report } = build();
    presence.opened(1);
    await vi.advanceTimersByTimeAsync(50 + 10_000 + 10_000);
    expect(report.mock.calls).toEqual([[[1]], [[1]], [[1]]]);
  });

  it('keeps trying while the users service is down, and complains once', async () => {
    const down = vi.fn(async (_online: number[]) => {
      throw new Error('no instance');
    });
    const { presence, report, log } = build(down);
    presence.opened(1);
    await vi.advanceTimersByTimeAsync(50 + 3_000);
    expect(report).toHaveBeenCalledTimes(4);
    expect(log.warn).toHaveBeenCalledTimes(1);
    presence.opened(2);
    report.mockImplementation(async () => {});
    await vi.advanceTimersByTimeAsync(1_000);
    expect(report).toHaveBeenLastCalledWith([1, 2]);
    expect(log.info).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(9_000);
    expect(report).toHaveBeenCalledTimes(5);
  });

  it('never has two reports under way, and sends what changed meanwhile right after', async () => {
    let answer = (): void => {};
    const slow = vi.fn((_online: number[]) => new Promise<void>((resolve) => (answer = resolve)));
    const { presence, report } = build(slow);
    presence.opened(1);
    await vi.advanceTimersByTimeAsync(50);
    presence.opened(2);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(report).toHaveBeenCalledTimes(1);
    answer();
    await vi.advanceTimersByTimeAsync(50);
    expect(report).toHaveBeenLastCalledWith([1, 2]);
  });

  it('takes its lease back when it stops, after the grace of those who just left', async () => {
    const { presence, report } = build();
    presence.opened(1);
    await vi.advanceTimersByTimeAsync(50);
    presence.closed(1);
    const stopped = presence.stop();
    await vi.advanceTimersByTimeAsync(1_900);
    expect(report).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(100);
    await stopped;
    expect(report.mock.lastCall).toEqual([[]]);
    const reports = report.mock.calls.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(report).toHaveBeenCalledTimes(reports);
  });
});
