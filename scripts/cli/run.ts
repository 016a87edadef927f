/**
 * `mf run`: a release of a service, and instances of it beside whatever else runs.
 *
 * Builds what was not built yet, then starts the instances side by side; when one does not come to
 * serve, all of this command's are withdrawn and everything else goes on as it was.
 */
import { addInstances, obtainRelease } from '../lib/deploy.ts';
import { StepFailure, UsageError } from '../lib/failure.ts';
import { interruption } from '../lib/interruption.ts';
import { whileLocked } from '../lib/lock.ts';
import { createOutput, type Output } from '../lib/output.ts';
import { recordReceipt, witnessHelp, witnessOption } from '../lib/receipts/recorder.ts';
import { loadStack, type Stack, stackOption } from '../lib/stack.ts';
import { planCampaign, undo } from '../lib/start.ts';
import { text, type Verb, type Words } from './verb.ts';

const maxInstances = 20;

export const run: Verb = {
  summary: 'build a release of a service and start instances of it',
  help: `mf run SERVICE [VERSION] [SOURCE] [-n N] [--witness] [--stack NAME] [--json]

Builds SERVICE into a release that is called VERSION and starts N instances of it (1), beside
whatever other versions run. What was built before is not built again, and a VERSION never changes.
\`mf up\` leaves alone what runs so; it ends with \`mf kill\` or \`mf down\`.

  VERSION         what the release is called (the package's version and a hash of what is in it)
  SOURCE          a git ref (HEAD), or UNCOMMITTED_COPY: the working tree as it is at this moment. Left
                  out where VERSION was built from UNCOMMITTED_COPY: as it was built
  -n N            how many instances
${witnessHelp}`,
  options: { number: { type: 'string', short: 'n', default: '1' }, ...witnessOption },
  async run(words) {
    const wanted = readWanted(words);
    const output = createOutput(words.json);
    const stack = await loadStack(words.stack);
    const waiting = (holder: string) => output.say(`  waiting for ${holder}`);
    return whileLocked(stack.dir, 'mf run', waiting, () => runService(stack, wanted, output));
  },
};

interface Wanted {
  service: string;
  label: string | undefined;
  source: string | undefined;
  count: number;
  witness: boolean;
}

function readWanted(words: Words): Wanted {
  const [service, label, source, unexpected] = words.positionals;
  if (service === undefined) throw new UsageError('run: which service?', 'mf run --help');
  if (unexpected !== undefined) {
    throw new UsageError(`run: unexpected '${unexpected}'`, 'mf run --help');
  }
  const typed = text(words, 'number') ?? '';
  const count = Number(typed);
  if (!/^\d+$/.test(typed) || count < 1 || count > maxInstances) {
    const why = `run: -n is a number from 1 to ${maxInstances}, not '${typed}'`;
    throw new UsageError(why, 'mf run --help');
  }
  return { service, label, source, count, witness: words.values.witness === true };
}

async function runService(stack: Stack, wanted: Wanted, output: Output): Promise<number> {
  const { service, label, source, count, witness } = wanted;
  const option = stackOption(stack.name);
  const campaign = await planCampaign(stack, output, 'run');
  if (campaign.wasDown) {
    throw new StepFailure('run', `stack ${stack.name} is down`, `mf up${option}`);
  }
  const interrupted = interruption('mf run');
  const words = ['run', service, label, source, ...(count > 1 ? ['-n', count] : [])];
  const about = { command: words.filter(Boolean).join(' '), service, witness };
  const running = await recordReceipt(stack, output, about, async () => {
    const work = async () => addInstances(campaign, await obtainRelease(campaign, wanted), count);
    return Promise.race([work(), interrupted]).catch(async (error: unknown) => {
      await undo(campaign);
      throw error;
    });
  });
  const lines = running.map(({ program, address }) => `  ${program} at ${address}`);
  const [first] = running;
  const logs = `mf logs ${first?.program}${option}`;
  const next = `Next: mf status${option} · ${logs} · mf kill ${first?.version}${option}`;
  output.answer({ ok: true, steps: output.done, instances: running }, [...lines, next].join('\n'));
  return 0;
}
