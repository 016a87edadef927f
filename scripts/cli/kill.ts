/** `mf kill`: ends instances: drained first, and never the last one of a service unasked. */
import { type InstanceRow, listInstances, retireInstance } from '../lib/deploy.ts';
import { StepFailure, UsageError } from '../lib/failure.ts';
import { whileLocked } from '../lib/lock.ts';
import { createOutput, type Output } from '../lib/output.ts';
import { recordReceipt, witnessHelp, witnessOption } from '../lib/receipts/recorder.ts';
import { loadStack, type Stack, stackOption } from '../lib/stack.ts';
import { planCampaign } from '../lib/start.ts';
import { chooseVictims } from '../lib/victims.ts';
import type { Verb, Words } from './verb.ts';

export const kill: Verb = {
  summary: 'drain and stop instances: one, a version, or all of a service',
  help: `mf kill VERSION|INSTANCE|SERVICE [--now] [--last] [--witness] [--stack NAME] [--json]
       mf kill SERVICE VERSION

Takes instances out of traffic, waits for what they are doing, and stops them. INSTANCE is a name of
\`mf status\` (messages-2) or an id of the registry. A VERSION that several services have is told
apart by its SERVICE.

  --now           does not drain: kills at once
  --last          also where nothing is left of the service then
${witnessHelp}`,
  options: {
    now: { type: 'boolean', default: false },
    last: { type: 'boolean', default: false },
    ...witnessOption,
  },
  async run(words) {
    const [first, second, unexpected] = words.positionals;
    if (first === undefined) throw new UsageError('kill: what?', 'mf kill --help');
    if (unexpected !== undefined) {
      throw new UsageError(`kill: unexpected '${unexpected}'`, 'mf kill --help');
    }
    const output = createOutput(words.json);
    const stack = await loadStack(words.stack);
    const waiting = (holder: string) => output.say(`  waiting for ${holder}`);
    return whileLocked(stack.dir, 'mf kill', waiting, () =>
      killAll(stack, [first, second], words, output),
    );
  },
};

async function killAll(
  stack: Stack,
  [name, version]: [string, string | undefined],
  { values }: Words,
  output: Output,
): Promise<number> {
  const option = stackOption(stack.name);
  const [now, last] = [values.now === true, values.last === true];
  const campaign = await planCampaign(stack, output, 'run');
  if (campaign.wasDown) {
    throw new StepFailure('kill', `stack ${stack.name} is down`, `mf up${option}`);
  }
  const rows = await listInstances(stack);
  const victims = chooseVictims(rows, { name, version, last, option });
  const service = victims[0]?.service ?? name;
  const isLeft = (row: InstanceRow) =>
    row.service === service && row.health === 'healthy' && !victims.includes(row);
  const about = {
    command: ['kill', name, version, now && '--now', last && '--last'].filter(Boolean).join(' '),
    service,
    witness: values.witness === true,
    endsService: !rows.some(isLeft),
  };
  await recordReceipt(stack, output, about, () =>
    Promise.all(victims.map(({ program }) => retireInstance(campaign, program, { now }))),
  );
  const killed = victims.map(({ program, version: label, instance }) => {
    return { program, service, version: label, instance };
  });
  output.answer({ ok: true, steps: output.done, killed }, `Next: mf status${option}`);
  return 0;
}
