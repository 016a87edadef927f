import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { silentLog } from '../testing/log.ts';
import type { BlockingAnswer } from './consul.ts';
import { doubtMs } from './last-known-good.ts';
import { watchList } from './watch-list.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const ids = z.array(z.string());

type Step = BlockingAnswer | Error;

const answer = (index: number, ...ids: string[]): BlockingAnswer => ({
  index: String(index),
  body: ids,
});

/** A watch of a Consul that answers by the script, and then not any more. */
function build(...script: Step[]) {
  return buildAfterRestart([], ...script);
}

function buildAfterRestart(remembered: string[], ...script: Step[]) {
  const end = new AbortController();
  const told: string[][] = [];
  const asked: string[] = [];
  const ended = watchList<{ id: string }>({
    what: 'messages',
    remembered: remembered.map((id) => ({ id })),
    signal: end.signal,
    log: silentLog,
    async query(index) {
      asked.push(index);
      const step = script.shift();
      if (step instanceof Error) throw step;
      return step ?? new Promise(() => undefined);
    },
    parse: (body) => ids.parse(body).map((id) => ({ id })),
    onChange: (known) => void told.push(known.map(({ id }) => id)),
  });
  return { told, asked, ended, end, pass: (ms: number) => vi.advanceTimersByTimeAsync(ms) };
}

test('each change is told once, and the next one is asked for by its index', async () => {
  const { told, asked, pass } = build(answer(5, 'a'), answer(6, 'a'), answer(7, 'a', 'b'));
  await pass(1_000);
  expect(told).toEqual([['a'], ['a', 'b']]);
  expect(asked).toEqual(['0', '5', '6', '7']);
});

test('an answer without news is followed by a pause, so that a missing service makes no busy loop', async () => {
  const nothing = Array.from({ length: 1_000 }, () => answer(9));
  const { asked, pass } = build(...nothing);
  await pass(2_000);
  expect(asked.length).toBeLessThanOrEqual(10);
});

test('after an error everything is asked anew, from index 0', async () => {
  const { asked, pass } = build(answer(900, 'a'), new Error('gone'), answer(3, 'a'));
  await pass(1_000);
  expect(asked).toEqual(['0', '900', '0', '3']);
});

test('an index that went back is a Consul that began anew: ask from 0, and doubt', async () => {
  const { told, asked, pass } = build(answer(900, 'a', 'b'), answer(3));
  await pass(1_000);
  expect(asked.slice(0, 3)).toEqual(['0', '900', '0']);
  expect(told).toEqual([['a', 'b']]);
});

test('a wiped Consul drains nobody whom a restarted watcher remembers, but is believed later', async () => {
  const wiped = Array.from({ length: 100 }, () => answer(4));
  const { told, pass } = buildAfterRestart(['a', 'b'], ...wiped);
  await pass(doubtMs - 1_000);
  expect(told).toEqual([['a', 'b']]);
  await pass(2_000);
  expect(told).toEqual([['a', 'b'], []]);
});

test('a wiped Consul drains nobody: what comes back is told, what does not is dropped later', async () => {
  const wiped = Array.from({ length: 100 }, () => answer(4, 'b'));
  const { told, pass } = build(answer(900, 'a', 'b'), new Error('gone'), answer(3), ...wiped);
  await pass(doubtMs - 1_000);
  expect(told).toEqual([['a', 'b']]);
  await pass(2_000);
  expect(told).toEqual([['a', 'b'], ['b']]);
});

test('errors are retried ever more slowly, and never given up', async () => {
  const errors = Array.from({ length: 20 }, () => new Error('refused'));
  const { told, asked, pass } = build(...errors, answer(1, 'a'));
  await pass(5_000);
  expect(asked.length).toBeLessThan(10);
  await pass(60_000);
  expect(told).toEqual([['a']]);
});

test('an answer that cannot be read is an error, and not an empty list', async () => {
  const { told, pass } = build(answer(5, 'a'), { index: '6', body: null }, answer(6, 'a', 'b'));
  await pass(1_000);
  expect(told).toEqual([['a'], ['a', 'b']]);
});

test('it ends when the signal is aborted, also in a pause', async () => {
  const { ended, end, asked, pass } = build(new Error('gone'));
  await pass(1);
  end.abort();
  await ended;
  expect(asked).toEqual(['0']);
});
