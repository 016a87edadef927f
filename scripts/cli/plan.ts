/** `mf plan`: what HAProxy would have to be told to have what Consul wants; lb itself works it out. */
import { planLines } from '../../services/lb/plan-report.ts';
import { messageOf, StepFailure } from '../lib/failure.ts';
import { createOutput } from '../lib/output.ts';
import { loadStack, stackOption } from '../lib/stack.ts';
import { planOfStack } from '../lib/traffic.ts';
import { refusePositionals, type Verb } from './verb.ts';

export const plan: Verb = {
  summary: 'show the difference between what Consul wants and what HAProxy has',
  help: `mf plan [--stack NAME] [--json]

Shows what lb would do now, in HAProxy's words, and which registrations it does not take, and why.
Changes nothing. While lb is at work there is nothing to show but the servers that are wanted, and
the traffic policies with where they come from.`,
  options: {},
  async run(words) {
    refusePositionals('plan', words);
    const stack = await loadStack(words.stack);
    const report = await planOfStack(stack).catch((error: unknown) => {
      const next = `mf status${stackOption(stack.name)}`;
      throw new StepFailure('plan', messageOf(error), next, [], error);
    });
    createOutput(words.json).answer(report, planLines(report).join('\n'));
    return 0;
  },
};
