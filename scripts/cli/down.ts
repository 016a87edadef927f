/** `mf down`: stops all of a stack and keeps its data; with --purge it forgets that too. */
import { existsSync } from 'node:fs';
import { whileLocked } from '../lib/lock.ts';
import { createOutput, type Output } from '../lib/output.ts';
import { findStack, forgetStack, stackDir, stackOption } from '../lib/stack.ts';
import { stopStack } from '../lib/stop.ts';
import { refusePositionals, type Verb } from './verb.ts';

export const down: Verb = {
  summary: 'stop the stack and keep its data',
  help: `mf down [--stack NAME] [--purge] [--json]

Stops everything that the stack runs: instances drain first. Data, secrets and logs are kept for
the next \`mf up\`. Fine when nothing runs.

  --purge   forgets the data, the secrets and the logs too`,
  options: { purge: { type: 'boolean', default: false } },
  async run(words) {
    refusePositionals('down', words);
    const output = createOutput(words.json);
    const purge = words.values.purge === true;
    const { name, dir } = { name: words.stack, dir: await stackDir(words.stack) };
    if (existsSync(dir)) {
      const waiting = (holder: string) => output.say(`  waiting for ${holder}`);
      await whileLocked(dir, 'mf down', waiting, () => stopAndForget(name, purge, output));
    }
    const stopped = output.done.length > 0;
    const kept = purge ? 'and forgotten' : 'its data is kept';
    output.answer(
      { ok: true, stack: name, stopped, purged: purge },
      `Stack ${name} ${stopped ? 'is' : 'was'} down${stopped ? '' : ' already'}, ${kept}.`,
    );
    return 0;
  },
};

async function stopAndForget(name: string, purge: boolean, output: Output): Promise<void> {
  await output.step(name, `mf status${stackOption(name)}`, async () => {
    const stack = await findStack(name);
    return stack && (await stopStack(stack)) ? 'stopped' : undefined;
  });
  // Also where an `up` ended so early that there is a folder and no stack.
  if (purge) await forgetStack(await stackDir(name));
}
