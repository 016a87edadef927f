/** `mf logs`: the last lines of a program's log, or of all of them, and what follows. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { UsageError } from '../lib/failure.ts';
import { loadStack, stackOption } from '../lib/stack.ts';
import { text, type Verb } from './verb.ts';

export const logs: Verb = {
  summary: 'show what programs have logged',
  help: `mf logs [PROGRAM]... [--stack NAME] [--lines N] [--follow]

Shows the last lines of each program's log (10, or N), and with --follow what comes after them.
Without a PROGRAM: of all of them.`,
  options: {
    lines: { type: 'string', short: 'n', default: '10' },
    follow: { type: 'boolean', short: 'f', default: false },
  },
  async run(words) {
    const stack = await loadStack(words.stack);
    const folder = join(stack.dir, 'log');
    const known = (await readdir(folder).catch(() => []))
      .filter((file) => file.endsWith('.log'))
      .map((file) => file.slice(0, -'.log'.length));
    const wanted = words.positionals.length > 0 ? words.positionals : known;
    const unknown = wanted.find((name) => !known.includes(name));
    if (unknown !== undefined) {
      throw new UsageError(`logs: ${unknown} has no log`, `mf status${stackOption(stack.name)}`);
    }
    const lines = text(words, 'lines') ?? '';
    if (!/^\d+$/.test(lines)) {
      throw new UsageError(`logs: --lines is a number, not '${lines}'`, 'mf logs --help');
    }
    const follow = words.values.follow === true ? ['-F'] : [];
    const files = wanted.map((name) => `${name}.log`);
    if (files.length === 0) return 0;
    // It ends by Ctrl-C, mostly: that is no failure.
    const options = { cwd: folder, stdio: 'inherit', reject: false } as const;
    await execa('tail', ['-n', lines, ...follow, '--', ...files], options);
    return 0;
  },
};
