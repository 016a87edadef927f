import { expect, test } from 'vitest';
import { createRetryBudget } from './retry-budget.ts';

test('when everything fails, retries add a tenth to the load and no more', () => {
  const budget = createRetryBudget();
  let retries = 0;
  for (let call = 0; call < 1_000; call += 1) {
    budget.earn();
    while (budget.spend()) retries += 1;
  }
  // The reserve of 10, and a tenth of 1000 calls.
  expect(retries).toBeGreaterThanOrEqual(100);
  expect(retries).toBeLessThanOrEqual(110);
});

test('what was not spent in quiet times does not pile up', () => {
  const budget = createRetryBudget();
  for (let call = 0; call < 10_000; call += 1) budget.earn();
  let retries = 0;
  while (budget.spend()) retries += 1;
  expect(retries).toBe(10);
});
