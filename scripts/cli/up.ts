import { whileLocked } from '../lib/lock.ts';
import { openStack } from '../lib/open-stack.ts';
import { createOutput } from '../lib/output.ts';
import { listServices } from '../lib/services.ts';
import { checkout, stackDir } from '../lib/stack.ts';
import type { Campaign } from '../lib/start.ts';
import { partNames, startParts } from '../lib/start-parts.ts';
import { superviseStack } from '../lib/supervisor.ts';
import { refusePositionals, text, type Verb } from './verb.ts';

export const up: Verb = {
  summary: 'start the stack, or what is missing of it',
  help: `mf up`,
  options: {
    port: { type: 'string' },
    bind: { type: 'string' },
    only: { type: 'string' },
  },
  async run(words) {
    refusePositionals('up', words);
    const output = createOutput(words.json);
    const services = await listServices(checkout);
    const only = text(words, 'only')?.split(',');
    const names = services.map(({ name }) => name);
    const parts = partNames.filter((name) => !only || only.includes(name));
    const dir = await stackDir(words.stack);
    await whileLocked(dir, 'mf up', output.say, async () => {
      const stack = await openStack({
        name: words.stack,
        port: undefined,
        bind: text(words, 'bind'),
        services: names,
      });
      const supervisor = superviseStack(stack);
      const begun = !(await supervisor.running());
      if (begun) await supervisor.start();
      const campaign: Campaign = { stack, supervisor, output, started: new Set() };
      await startParts(campaign, parts, names);
    });
    return 0;
  },
};
