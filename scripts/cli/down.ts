/** `mf down`: stops all of a stack and keeps its data; with --purge it forgets that too. */
import { whileLocked } from '../lib/lock.ts';
import { createOutput } from '../lib/output.ts';
import { findStack, forgetStack, stackOption } from '../lib/stack.ts';
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
    const stack = await findStack(words.stack);
    if (stack) {
      await whileLocked(stack.dir, 'mf down', output.say, async () => {
        await output.step(stack.name, `mf status${stackOption(stack.name)}`, async () =>
          (await stopStack(stack)) ? 'stopped' : undefined,
        );
        if (purge) await forgetStack(stack);
      });
    }
    const did = output.done.length > 0;
    const state = stack === undefined ? 'is not there' : did ? 'is down' : 'was down already';
    const kept = stack && !purge ? ', its data is kept' : purge && stack ? ', and forgotten' : '';
    output.answer(
      { ok: true, stack: words.stack, stopped: did, purged: purge },
      `Stack ${words.stack} ${state}${kept}.`,
    );
    return 0;
  },
};
