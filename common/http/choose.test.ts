import { expect, test } from 'vitest';
import { choose } from './choose.ts';

const candidate = (name: string, inFlight: number, available = true) => ({
  name,
  inFlight,
  available,
});
/** Draws these, in turn. */
const draws =
  (...numbers: number[]) =>
  () =>
    numbers.shift() ?? 0;

test('of the two that were drawn, the less busy one is chosen', () => {
  const all = [candidate('a', 5), candidate('b', 3), candidate('c', 0)];
  // First draw: a; second, of the other two: b.
  expect(choose(all, draws(0, 0))?.name).toBe('b');
  // First draw: b; second: c.
  expect(choose(all, draws(0.5, 0))?.name).toBe('c');
});

test('the two are never the same one', () => {
  const all = [candidate('busy', 9), candidate('idle', 0)];
  for (const first of [0, 0.49, 0.5, 0.99]) {
    for (const second of [0, 0.5, 0.99]) {
      expect(choose(all, draws(first, second))?.name).toBe('idle');
    }
  }
});

test('an instance whose breaker is open gets no call', () => {
  const all = [candidate('broken', 0, false), candidate('busy', 9)];
  expect(choose(all)?.name).toBe('busy');
});

test('there may be one to choose from, or none', () => {
  expect(choose([candidate('only', 1)])?.name).toBe('only');
  expect(choose([])).toBeUndefined();
  expect(choose([candidate('broken', 0, false)])).toBeUndefined();
});
