/** `mf receipts`: what commands did to those who were served, as it was counted. */
import { UsageError } from '../lib/failure.ts';
import { createOutput, type Output } from '../lib/output.ts';
import { comparison, figuresOf, receiptPage, receiptsList } from '../lib/receipts/page.ts';
import { findReceipt, listReceipts } from '../lib/receipts/store.ts';
import { loadStack, type Stack } from '../lib/stack.ts';
import type { Verb } from './verb.ts';

export const receipts: Verb = {
  summary: 'show what changes did to the people who were served',
  help: `mf receipts [--stack NAME] [--json]
       mf receipts show RECEIPT
       mf receipts compare RECEIPT RECEIPT

Every run, kill, upgrade and change of traffic leaves a receipt. Lists them; shows one as a page of
text, or as it lies on disk with --json; or puts two side by side. A RECEIPT is called by its id, by
any part of it that no other has, or \`last\`.`,
  options: {},
  async run({ stack: name, json, positionals }) {
    const output = createOutput(json);
    const [what = 'list', ...ids] = positionals;
    const wanted = { list: 0, show: 1, compare: 2 }[what];
    if (wanted === undefined || ids.length !== wanted) {
      const said = positionals.map((word) => `'${word}'`).join(' ');
      throw new UsageError(`receipts: cannot make sense of ${said}`, 'mf receipts --help');
    }
    const stack = await loadStack(name);
    if (what === 'list') return list(stack, output);
    const [one, other] = await Promise.all(ids.map((id) => findReceipt(stack, id)));
    if (one && other) {
      const figures = [one, other].map((receipt) => ({
        id: receipt.id,
        figures: Object.fromEntries(figuresOf(receipt)),
      }));
      output.answer({ receipts: figures }, comparison(one, other));
    } else if (one) output.answer(one, receiptPage(one));
    return 0;
  },
};

/** Exits with 1 where one of them cannot be read. */
async function list(stack: Stack, output: Output): Promise<number> {
  const { receipts, damaged } = await listReceipts(stack);
  output.answer({ receipts, damaged }, receiptsList(receipts, damaged));
  return damaged.length > 0 ? 1 : 0;
}
