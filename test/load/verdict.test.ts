import { expect, it } from 'vitest';
import { type Acknowledged, judge, type Stored } from './verdict.ts';

const sent = (id: number, sentAt: number, answeredAt = sentAt + 5): Acknowledged => ({
  key: `k${id}`,
  id,
  sentAt,
  answeredAt,
});
const stored = (id: number, seq = id, key = `k${id}`): Stored => ({ key, id, seq, change: seq });
const all = [new Set([1, 2, 3]), new Set([1, 2, 3])];
const good = { lost: [], doubled: [], outOfOrder: [], unheard: 0 };

it('has nothing to say where everything is there once, in order, and heard by all', () => {
  const acknowledged = [sent(1, 0), sent(2, 10), sent(3, 20)];
  expect(judge(acknowledged, [stored(1), stored(2), stored(3)], all)).toEqual(good);
});

it('names what was acknowledged and is not there', () => {
  expect(judge([sent(1, 0), sent(2, 10)], [stored(1)], all)).toEqual({ ...good, lost: ['k2'] });
});

it('names what is there twice, acknowledged or not', () => {
  const room = [stored(1), stored(2, 2, 'k1')];
  expect(judge([sent(1, 0)], room, all)).toEqual({ ...good, doubled: ['k1'] });
});

it('lets those change places that were under way together, and no others', () => {
  const together = [sent(1, 0, 20), sent(2, 10, 30)];
  expect(judge(together, [stored(1, 2), stored(2, 1)], all)).toEqual(good);
  const apart = [sent(1, 0, 5), sent(2, 10, 15)];
  expect(judge(apart, [stored(1, 2), stored(2, 1)], all)).toEqual({ ...good, outOfOrder: ['k2'] });
});

it('counts every socket that did not hear of one', () => {
  const heard = [new Set([1, 2]), new Set([2]), new Set<number>()];
  expect(judge([], [stored(1), stored(2)], heard)).toEqual({ ...good, unheard: 3 });
});
