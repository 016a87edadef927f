/**
 * One `mf upgrade` from its lock to its receipt: begins an upgrade or takes one up again, has it done,
 * and says how it ended. cli/upgrade.ts calls it.
 */
import type { InstanceRow } from '../deploy.ts';
import { StepFailure } from '../failure.ts';
import { interruption } from '../interruption.ts';
import { recordReceipt } from '../receipts/recorder.ts';
import { stackOption } from '../stack.ts';
import type { Campaign } from '../start.ts';
import { beginUpgrade } from './begin.ts';
import { crewOf, somebody } from './crew.ts';
import { instancesOf } from './instances.ts';
import { journalOf, whileUpgrading } from './journal.ts';
import { type Course, type Ended, runUpgrade } from './run-upgrade.ts';
import type { Phase, Upgrade } from './state.ts';
import { type Asked, takeUp } from './take-up.ts';

/** What was typed. */
export interface Question extends Asked {
  source: string | undefined;
  command: string;
  lines: number;
  /** The canary's share. */
  percent: number;
  withinSeconds: number;
  readyWithinMs: number;
  witness: boolean;
}

export interface Done {
  service: string;
  to: string;
  ended: Ended['as'] | 'nothing to do';
  instances: InstanceRow[];
}

export async function upgradeService(
  campaign: Campaign,
  asked: Question,
  reached?: Course['reached'],
): Promise<Done> {
  const { stack, output } = campaign;
  const { service, command } = asked;
  const option = stackOption(stack.name);
  return whileUpgrading(stack, service, `mf ${command} by ${somebody()}`, async () => {
    const found = takeUp(await journalOf(stack, service).read(), asked, option);
    const work = () => carryOut(campaign, asked, found, reached);
    const recorded = recordReceipt(stack, output, asked, work);
    return Promise.race([recorded, interruption(`mf upgrade roll ${service} --resume${option}`)]);
  });
}

async function carryOut(
  campaign: Campaign,
  asked: Question,
  found: Upgrade | undefined,
  reached: Course['reached'],
): Promise<Done> {
  const { stack, output } = campaign;
  const { service, version: label, source, verb } = asked;
  const phase = phaseFor(asked);
  const upgrade = found ?? (await beginUpgrade(campaign, { service, label, source, phase }));
  const doneAs = async (to: string, ended: Done['ended']): Promise<Done> => {
    return { service, to, ended, instances: await instancesOf(stack, service) };
  };
  if ('nothingButRuns' in upgrade) return doneAs(upgrade.nothingButRuns, 'nothing to do');
  const ended = await runUpgrade(upgrade, {
    crew: crewOf(campaign, upgrade, asked.withinSeconds),
    journal: journalOf(stack, service),
    turned: (why) => output.say(`  ${upgrade.to} is taken back: ${why}`),
    ...(reached && { reached }),
  });
  if (ended.as !== 'returned' || verb === 'abort') return doneAs(upgrade.to, ended.as);
  throw takenBack(upgrade, ended, stackOption(stack.name));
}

function phaseFor({ verb, percent }: Question): Phase {
  if (verb === 'canary') return { name: 'judging', percent };
  return { name: verb === 'try' ? 'trying' : 'rolling' };
}

/** What the failing step has said, with what became of it all. */
function takenBack(
  { service, to, was }: Upgrade,
  { why, failure }: { why: string; failure: unknown },
  option: string,
): StepFailure {
  const old = was.map(({ version, count }) => `${count} of ${version}`).join(' and ');
  const told = `${why}; it was taken back, and what was serves on: ${old}`;
  const by = failure instanceof StepFailure ? failure : undefined;
  const next = by?.next ?? `mf status${option}`;
  return new StepFailure(`${service} ${to}`, told, next, by?.log ?? [], failure);
}
