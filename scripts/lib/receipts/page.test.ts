import { expect, test } from 'vitest';
import { comparison, receiptPage, receiptsList } from './page.ts';
import { aReceipt } from './testing/a-receipt.ts';

const broken = aReceipt({
  id: '20261121-140000-kill-messages-77aa',
  verdict: 'broken',
  reasons: ['3 requests failed'],
  requests: { ...aReceipt().requests, failed: 3 },
  gaps: ['messages-2 did not tell how fast it was'],
});

test('a page begins with the verdict and why, and with what was typed by whom', () => {
  const lines = receiptPage(broken).split('\n');
  expect(lines[0]).toBe('Receipt 20261121-140000-kill-messages-77aa: BROKEN');
  expect(lines[1]).toBe('  3 requests failed');
  expect(lines[2]).toMatch(
    /^mf kill messages-1 · by ada@box · 2026-11-21 .+ · 2\.5 s · stack demo$/,
  );
});

test('a page says what was done, what was noticed and what is not known', () => {
  const page = receiptPage(broken);
  expect(page).toContain('→ messages-1 · drained after 1.2 s');
  expect(page).toContain('asked at 0.3 s · sockets 3');
  expect(page).toContain('100 sent, 3 failed, 0 not answered');
  expect(page).toContain('What could not be counted\n  messages-2 did not tell');
});

test('a list names damaged receipts below the others', () => {
  const list = receiptsList([broken], [{ id: 'odd', why: 'format: expected 1' }]).split('\n');
  expect(list[1]).toMatch(/^20261121-140000-kill-messages-77aa +broken +100 +3 /);
  expect(list[2]).toBe('odd is damaged: format: expected 1');
});

test('two receipts are compared by their figures', () => {
  const lines = comparison(aReceipt(), broken).split('\n');
  expect(lines).toContainEqual(expect.stringMatching(/^requests failed +0 +3 +\+3$/));
  expect(lines).toContainEqual(expect.stringMatching(/^verdict +kept +broken +differs$/));
});
