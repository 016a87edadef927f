/** That what a change did to people is in its receipt, whether it did nothing or the worst. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { receiptSchema } from '../scripts/lib/receipts/receipt.ts';
import { mfHere } from './setup/crew.ts';
import { type Ended, tryMf } from './setup/mf.ts';
import { healthy, wholeStack } from './setup/whole.ts';

/** A build, sign-ins and migrations on a machine that has other things to do as well. */
const withinMs = 120_000;
const label = `receipts-${process.pid}`;
const refusal = z.object({ ok: z.literal(false), step: z.string(), why: z.string() });

function tryHere(...words: string[]): Promise<Ended> {
  return tryMf([...words, '--stack', process.env.MF_TEST_STACK ?? '']);
}

async function lastReceipt() {
  return receiptSchema.parse(JSON.parse(await mfHere('receipts', 'show', 'last', '--json')));
}

test(
  'an instance that comes and goes in order loses nothing, and its receipts say so',
  async () => {
    await mfHere('run', 'messages', label, 'UNCOMMITTED_COPY', '--witness');
    const came = await lastReceipt();
    expect(came).toMatchObject({ verdict: 'kept', reasons: [], witness: { lost: 0, failed: 0 } });
    expect(came.witness?.sent).toBeGreaterThan(5);
    expect(came.witness?.seen).toBe(came.witness?.sent);
    expect(came.requests.requests).toBeGreaterThanOrEqual(came.witness?.sent ?? 0);
    expect(came.steps.map(({ step }) => step)).toContain(`messages ${label}`);

    await mfHere('kill', 'messages', label, '--witness');
    expect(await lastReceipt()).toMatchObject({
      verdict: 'kept',
      witness: { lost: 0, doubled: 0 },
    });
    expect(await mfHere('receipts', 'compare', came.id, 'last')).toMatch(/^verdict +kept +kept$/m);
  },
  withinMs,
);

test(
  'when a service is killed under people’s hands, the command fails and the receipt says what was lost',
  async () => {
    onTestFinished(async () => {
      await mfHere('up');
      await healthy();
    });
    const killed = await tryHere('kill', 'messages', '--now', '--last', '--witness', '--json');
    expect(killed.code).toBe(1);
    expect(refusal.parse(JSON.parse(killed.out))).toMatchObject({ step: 'receipt' });

    const receipt = await lastReceipt();
    expect(receipt.verdict).toBe('broken');
    expect(receipt.witness?.failed).toBeGreaterThan(0);
    expect(receipt.witness?.abandoned).toBe(1);
    const page = await mfHere('receipts', 'show', receipt.id);
    expect(page).toContain('BROKEN');
    expect(page).toContain('1 message was never taken');
  },
  withinMs,
);

test('a damaged receipt is named, and the others are listed', async () => {
  const { dir } = await wholeStack();
  const path = join(dir, 'receipts', '20200101-000000-cut-off.json');
  await writeFile(path, '{"format":1,');
  onTestFinished(() => rm(path));
  const listed = await tryHere('receipts');
  expect(listed.code).toBe(1);
  expect(listed.out).toMatch(/^20200101-000000-cut-off is damaged: /m);
  expect(listed.out).toMatch(/ kept /);
});
