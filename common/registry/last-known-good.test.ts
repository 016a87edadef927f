import { expect, test } from 'vitest';
import { afterAnswer, afterError, doubtMs, isInDoubt, noBelief } from './last-known-good.ts';

const instances = (...ids: string[]) => ids.map((id) => ({ id }));
const nothing = noBelief<{ id: string; port?: number }>();
const believing = (...ids: string[]) => afterAnswer(nothing, instances(...ids), 0);

test('without errors Consul is believed, also when everybody left', () => {
  expect(afterAnswer(believing('a', 'b'), [], 1).known).toEqual([]);
});

test('an empty answer right after an error keeps the last known instances', () => {
  const belief = afterAnswer(afterError(believing('a', 'b'), 1_000), [], 1_001);
  expect(belief.known).toEqual(instances('a', 'b'));
});

test('in doubt, answers add and take nothing away, in the order of ids', () => {
  const doubting = afterError(believing('a', 'c'), 1_000);
  expect(afterAnswer(doubting, instances('b', 'c'), 1_001).known).toEqual(instances('a', 'b', 'c'));
});

test('an instance that is answered again is taken as answered', () => {
  const doubting = afterError(afterAnswer(nothing, [{ id: 'a', port: 1 }], 0), 0);
  expect(afterAnswer(doubting, [{ id: 'a', port: 2 }], 1).known).toEqual([{ id: 'a', port: 2 }]);
});

test('the doubt ends as soon as everybody known is back', () => {
  const back = afterAnswer(afterError(believing('a'), 1_000), instances('a', 'b'), 1_001);
  expect(isInDoubt(back, 1_002)).toBe(false);
  expect(afterAnswer(back, instances('b'), 1_003).known).toEqual(instances('b'));
});

test('the doubt ends by itself, and what has not come back is gone', () => {
  const doubting = afterAnswer(afterError(believing('a', 'b'), 1_000), instances('a'), 1_001);
  expect(afterAnswer(doubting, instances('a'), 1_000 + doubtMs).known).toEqual(instances('a'));
});

test('who knows nothing yet has nothing to keep', () => {
  expect(afterAnswer(afterError(nothing, 0), [], 1).known).toEqual([]);
});
