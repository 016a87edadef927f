import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type TestContext, test } from 'vitest';
import { journalOf, whileUpgrading } from './journal.ts';
import { anUpgrade } from './testing/world.ts';

function build(t: TestContext) {
  const dir = mkdtempSync(join(tmpdir(), 'mf-journal-'));
  t.onTestFinished(() => rmSync(dir, { recursive: true }));
  return { dir, name: 'default' };
}

test('what was written is read again, and nothing when it is closed', async (t) => {
  const journal = journalOf(build(t), 'notes');
  expect(await journal.read()).toBeUndefined();
  await journal.write(anUpgrade());
  const back = anUpgrade({ phase: { name: 'returning', why: 'it died', blamed: 'notes-4-1' } });
  await journal.write(back);
  expect(await journal.read()).toEqual(back);
  await journal.close();
  await journal.close();
  expect(await journal.read()).toBeUndefined();
});

test('a journal that somebody edited is named, and not guessed at', async (t) => {
  const stack = build(t);
  const journal = journalOf(stack, 'notes');
  await journal.write(anUpgrade());
  writeFileSync(join(stack.dir, 'upgrades/notes.json'), '{"service":"notes"}');
  await expect(journal.read()).rejects.toThrow(/upgrades\/notes\.json cannot be read/);
});

test('two commands do not upgrade one service at once, and another service may be', async (t) => {
  const stack = build(t);
  await whileUpgrading(stack, 'notes', 'mf upgrade roll notes by ada@host', async () => {
    const second = whileUpgrading(stack, 'notes', 'mf upgrade abort notes', async () => 'done');
    await expect(second).rejects.toThrow(
      /^mf upgrade roll notes by ada@host \(pid \d+\) since 20.* is at it$/,
    );
    expect(await whileUpgrading(stack, 'users', 'mf upgrade', async () => 'done')).toBe('done');
  });
  expect(await whileUpgrading(stack, 'notes', 'mf upgrade', async () => 'done')).toBe('done');
});
