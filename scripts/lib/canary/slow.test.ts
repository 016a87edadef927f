import { expect, test } from 'vitest';
import { chooseBound } from './slow.ts';

const bounds = [1, 1.5, 2.25, 3.375];
/** The second is the first that anybody notices. */
const quickBounds = [0.008, 0.012, 0.018];

test('the bound that tells best is the one with the most requests below it, and not far below', () => {
  const choice = { bound: 2, before: 1, harm: 0 };
  expect(chooseBound([5, 10, 60, 20, 5], bounds, 1.5)).toEqual(choice);
});

test('nothing is chosen while little is known', () => {
  expect(chooseBound([1, 2, 3, 2, 1], bounds, 1.5)).toBeUndefined();
});

test('nothing is chosen where a bucket is wider than the factor', () => {
  expect(chooseBound([0, 0, 50], [1, 10], 1.5)).toBeUndefined();
});

test('nothing is chosen where everything takes longer than the last bound', () => {
  expect(chooseBound([0, 0, 0, 0, 100], bounds, 1.5)).toBeUndefined();
});

test('where nearly all is quicker than anybody notices, it counts how many more are noticed', () => {
  const choice = { bound: 1, before: 1, harm: 0.1 };
  expect(chooseBound([90, 5, 5, 0], quickBounds, 1.5)).toEqual(choice);
});

test('where much is noticed, the factor counts', () => {
  expect(chooseBound([30, 20, 40, 10], quickBounds, 1.5)).toMatchObject({ bound: 2, before: 1 });
});
