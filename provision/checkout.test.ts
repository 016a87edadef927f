import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';

const checkout = join(import.meta.dirname, '..');
/** It is a second's work; on a machine that does much else, more. */
const patienceMs = 60_000;

async function git(...args: string[]): Promise<string[]> {
  return (await execa('git', args, { cwd: checkout })).stdout.split('\0').filter((line) => line);
}

test(
  'a clone on Windows has the line endings that Linux needs',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mf clone ä '));
    onTestFinished(() => rm(folder, { recursive: true }));
    const clone = [
      'clone',
      '--quiet',
      '--shared',
      '-c',
      'core.autocrlf=true',
      '-c',
      'core.eol=crlf',
    ];
    await execa('git', [...clone, checkout, folder]);
    const listed = await execa('git', ['ls-files', '-z', '--eol'], { cwd: folder });
    const wrong = listed.stdout.split('\0').filter((line) => / w\/(crlf|mixed)/.test(line));
    expect(wrong).toEqual([]);
    expect(await readFile(join(folder, 'scripts/mf'), 'utf8')).not.toContain('\r');
  },
  patienceMs,
);

test(
  'what begins with #! may be executed, and nothing else: so lost exec bits can be told',
  async () => {
    const executable = (await git('ls-files', '-z', '--stage'))
      .filter((line) => line.startsWith('100755'))
      .map((line) => line.split('\t')[1]);
    const scripts: string[] = [];
    for (const file of await git('ls-files', '-z')) {
      const text = await readFile(join(checkout, file), 'latin1').catch(() => ''); // gone, not yet committed
      if (text.startsWith('#!')) scripts.push(file);
    }
    expect(executable).toEqual(scripts);
  },
  patienceMs,
);
