import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { findReceipt, listReceipts, saveReceipt } from './store.ts';
import { aReceipt } from './testing/a-receipt.ts';

async function build(ids: readonly string[]) {
  const dir = await mkdtemp(join(tmpdir(), 'mf-receipts-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const stack = { dir, name: 'demo' };
  for (const id of ids) await saveReceipt(stack, aReceipt({ id }));
  const write = (id: string, text: string) => writeFile(join(dir, 'receipts', `${id}.json`), text);
  return { stack, write };
}

test('a receipt is found by its id, by a part of it that no other has, and as the last', async () => {
  const { stack } = await build(['20260101-run-3f2a', '20260102-kill-77aa']);
  expect((await findReceipt(stack, '20260101-run-3f2a')).id).toBe('20260101-run-3f2a');
  expect((await findReceipt(stack, '3f2a')).id).toBe('20260101-run-3f2a');
  expect((await findReceipt(stack, 'last')).id).toBe('20260102-kill-77aa');
});

test('what names none, or several, is the caller’s fault', async () => {
  const { stack } = await build(['20260101-run-3f2a', '20260102-kill-77aa']);
  await expect(findReceipt(stack, 'zzz')).rejects.toThrow("there is none called 'zzz'");
  await expect(findReceipt(stack, '2026')).rejects.toThrow("'2026' may be any of 2");
});

test('damaged files are named with what is wrong, and the others are listed', async () => {
  const { stack, write } = await build(['good']);
  await write('cut', '{"format":1,');
  await write('odd', '{"format":2}');
  await write('list', '[]');
  await write('renamed', JSON.stringify(aReceipt({ id: 'other' })));
  const { receipts, damaged } = await listReceipts(stack);
  expect(receipts.map(({ id }) => id)).toEqual(['good']);
  expect(damaged.map(({ id }) => id)).toEqual(['cut', 'list', 'odd', 'renamed']);
  expect(damaged.at(-1)?.why).toBe('it calls itself other');
  await expect(findReceipt(stack, 'odd')).rejects.toThrow('is damaged: format: Invalid input');
});

test('a stack without receipts has an empty list', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'mf-receipts-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  expect(await listReceipts({ dir, name: 'demo' })).toEqual({ receipts: [], damaged: [] });
});
