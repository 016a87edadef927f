import { expect, it } from 'vitest';
import { percentile, summarise } from './percentiles.ts';

it('takes the nearest rank that was measured', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  expect(percentile(hundred, 0.5)).toBe(50);
  expect(percentile(hundred, 0.99)).toBe(99);
  expect(percentile([7], 0.99)).toBe(7);
  expect(percentile([], 0.5)).toBeNaN();
});

it('sorts by value, and counts by the time that passed', () => {
  expect(summarise([10, 9, 100], 1_500)).toEqual({ count: 3, perSecond: 2, p50Ms: 10, p99Ms: 100 });
});
