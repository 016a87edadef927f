import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ApiError } from './api.ts';
import { sessionFrom } from './session.ts';
import { createSessionKeeper } from './session-keeper.ts';
import type { Shelf } from './shelf.ts';
import { fakeBrowser } from './testing/shelf.ts';

const hourMs = 3_600_000;

beforeEach(() => void vi.useFakeTimers({ now: 1_790_000_000_000 }));
afterEach(() => void vi.useRealTimers());

/** A token of the tokens service whose clock is an hour ahead of ours. */
function token(jti: string, userId = 7): string {
  const iat = Date.now() / 1000 + 3600;
  const claims = { user_id: userId, sid: 'sid', jti, iat, exp: iat + 3600, nickname: 'Ünï' };
  return `head.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature`;
}

/** All tabs of one browser, whose Web Lock is a queue. */
function build() {
  const { tab } = fakeBrowser();
  let queue: Promise<unknown> = Promise.resolve();
  const lock = <T>(work: () => Promise<T>): Promise<T> => {
    const run = queue.then(work);
    queue = run.catch(() => undefined);
    return run;
  };
  const renew = vi.fn(async (_token: string) => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    return token(`renewed-${renew.mock.calls.length}`);
  });
  const open = (shelf: Shelf = tab()) => createSessionKeeper({ shelf, renew, lock });
  return { open, renew, shelf: tab };
}

test('what is no token of ours is not a session', () => {
  for (const text of ['', 'a.b.c', 'not a token', `a.${btoa('{"user_id":"7"}')}.c`]) {
    expect(sessionFrom(text, 0), text).toBeUndefined();
  }
});

test('a token is renewed at four fifths of its life by our own clock, once for all tabs', async () => {
  const { open, renew } = build();
  const tabs = [open(), open(), open()];
  tabs[0]?.begin(token('first'));
  await vi.advanceTimersByTimeAsync(hourMs * 0.79);
  expect(renew).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(hourMs * 0.05);
  expect(renew).toHaveBeenCalledTimes(1);
  expect(new Set(tabs.map((tab) => tab.current()?.token)).size).toBe(1);
  await vi.advanceTimersByTimeAsync(hourMs * 0.8);
  expect(renew).toHaveBeenCalledTimes(2);
});

test('renewal is tried again while tokens does not answer', async () => {
  const { open, renew } = build();
  const tab = open();
  renew.mockRejectedValueOnce(new ApiError('unavailable', 'no instance', { status: 503 }));
  renew.mockRejectedValueOnce(new ApiError('unreachable', 'No connection.'));
  tab.begin(token('first'));
  await vi.advanceTimersByTimeAsync(hourMs * 0.9);
  expect(renew).toHaveBeenCalledTimes(3);
  expect(tab.state.get().kind).toBe('signed-in');
});

test('a refused token is replaced by a renewed one; a refused renewal ends the session in all tabs', async () => {
  const { open, renew } = build();
  const [tab, other] = [open(), open()];
  const first = token('first');
  tab.begin(first);
  const replacing = tab.replace(first);
  await vi.advanceTimersByTimeAsync(100);
  const second = await replacing;
  expect(second).toBe(tab.current()?.token);
  expect(await other.replace(first), 'the other tab knows the new one already').toBe(second);
  expect(renew).toHaveBeenCalledTimes(1);

  renew.mockRejectedValueOnce(new ApiError('refused', 'authentication required', { status: 401 }));
  expect(await tab.replace(second ?? '')).toBeUndefined();
  expect(tab.state.get()).toEqual({ kind: 'signed-out', because: 'expired' });
  expect(other.state.get().kind).toBe('signed-out');
});

test('a sign-out in one tab is a sign-out in all, and a new tab begins signed out', () => {
  const { open } = build();
  const [tab, other] = [open(), open()];
  tab.begin(token('first'));
  expect(other.current()?.userId).toBe(7);
  tab.end('left');
  expect(other.state.get()).toEqual({ kind: 'signed-out', because: 'left-elsewhere' });
  expect(open().current()).toBeUndefined();
  tab.admitUntold();
  expect(tab.state.get()).toEqual({ kind: 'signed-out', because: 'left-untold' });
  tab.begin(token('second'));
  tab.admitUntold();
  expect(tab.current(), 'who is back in is not thrown out by late news').toBeDefined();
});

test('a tab whose token is refused after a sign-out in another knows why, and asks nobody', async () => {
  const { open, renew, shelf } = build();
  const tab = open();
  const first = token('first');
  tab.begin(first);
  // The word of the server may be here before the other tab's.
  const other = open({ ...shelf(), watch: () => () => undefined });
  tab.end('left');
  expect(await other.replace(first)).toBeUndefined();
  expect(other.state.get()).toEqual({ kind: 'signed-out', because: 'left-elsewhere' });
  expect(renew).not.toHaveBeenCalled();
});

test('a session survives a reload', () => {
  const { open } = build();
  open().begin(token('first'));
  expect(open().current()?.userId).toBe(7);
});
