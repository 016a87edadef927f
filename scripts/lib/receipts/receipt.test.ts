import { expect, test } from 'vitest';
import { brokenPromises, receiptId } from './receipt.ts';
import { aReceipt } from './testing/a-receipt.ts';

const { requests } = aReceipt();
const witness = {
  sent: 10,
  failed: 0,
  abandoned: 0,
  seen: 10,
  lost: 0,
  doubled: 0,
  outOfOrder: 0,
  reconnects: 3,
  slowestMs: 900,
};

test('retries, reconnects and waiting break no promise', () => {
  expect(brokenPromises({ ...requests, retried: 9, unserved: 7 }, witness)).toEqual([]);
});

test('one failed request does', () => {
  expect(brokenPromises({ ...requests, failed: 1 }, undefined)).toEqual(['1 request failed']);
});

test('each message that was lost, doubled or out of order is told', () => {
  const bad = { ...witness, lost: 1, doubled: 2, outOfOrder: 3 };
  expect(brokenPromises(requests, bad)).toEqual([
    '1 message was lost',
    '2 messages came twice',
    '3 messages were out of order',
  ]);
});

test('an id begins with the time and is fit for a file name', () => {
  const begun = new Date('2026-11-21T13:40:12.345Z');
  expect(receiptId('kill ../etc --now', '../etc', begun, '3f2a')).toBe(
    '20261121-134012-kill-..-etc-3f2a',
  );
});
