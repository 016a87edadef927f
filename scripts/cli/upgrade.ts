/**
 * `mf upgrade`: a new release takes an old one's places, one at a time, and nobody notices.
 *
 * What is done in which order is decided in lib/rollout/planner.ts. Here words become an upgrade,
 * begun or taken up again, and its end becomes an answer.
 */
import { join } from 'node:path';
import { execa } from 'execa';
import { StepFailure, UsageError } from '../lib/failure.ts';
import { createOutput } from '../lib/output.ts';
import { witnessHelp, witnessOption } from '../lib/receipts/recorder.ts';
import type { Course } from '../lib/rollout/run-upgrade.ts';
import { upgradeVerbs } from '../lib/rollout/take-up.ts';
import { type Done, type Question, upgradeService } from '../lib/rollout/upgrade-service.ts';
import { loadStack, type Stack, stackOption } from '../lib/stack.ts';
import { planCampaign } from '../lib/start.ts';
import { text, type Verb, type Words } from './verb.ts';

const help = 'mf upgrade --help';
/** A bigger share than this is no canary, and one of less than a hundredth is none at all. */
const shareBounds = { min: 1, max: 50 };
const withinBounds = { min: 5, max: 3_600 };
const readyBounds = { min: 1, max: 600 };
const lineBounds = { min: 0, max: 1_000 };

export const upgrade: Verb = {
  summary: 'replace a release by another: try, roll, canary, abort',
  help: `mf upgrade try|roll|canary SERVICE [VERSION] [SOURCE] [--stack NAME] [--json]
       mf upgrade roll SERVICE --resume
       mf upgrade abort SERVICE

  try     starts one instance of VERSION beside the old ones, and shows its log
  roll    replaces all, one at a time: the new one is seen serving and answering before an old one
          drains and stops. Goes on with a try
  canary  gives one instance a small share, compares it with the old release over the same time, and
          then rolls, or takes it back
  abort   undoes a try, stops a roll, and puts back what was

VERSION and SOURCE are those of \`mf run\`. A release that does not come up, dies or answers errors is
taken back, and the old one goes on. What was cut off in the middle is not lost: --resume goes on with
it, abort undoes it.

  --ready N    how many seconds an instance may take to come up (60)
  --resume     goes on with an upgrade that was begun and not finished
  --lines N    how many log lines of a try (20); on a terminal they are followed, too
  --share N    the canary's hundredths of the requests (5)
  --within N   how many seconds the canary has to prove itself (120)
${witnessHelp}`,
  options: {
    resume: { type: 'boolean', default: false },
    ready: { type: 'string', default: '60' },
    lines: { type: 'string', short: 'n', default: '20' },
    share: { type: 'string', default: '5' },
    within: { type: 'string', default: '120' },
    ...witnessOption,
  },
  run: (words) => upgradeAs(words),
};

/** `reached` is told at each boundary between steps: a test ends the process there. */
export async function upgradeAs(words: Words, reached?: Course['reached']): Promise<number> {
  const asked = readAsked(words);
  const output = createOutput(words.json);
  const stack = await loadStack(words.stack);
  const campaign = await planCampaign(stack, output, 'run');
  if (campaign.wasDown) {
    const next = `mf up${stackOption(stack.name)}`;
    throw new StepFailure('upgrade', `stack ${stack.name} is down`, next);
  }
  const { readyWithinMs } = asked;
  const done = await upgradeService({ ...campaign, readyWithinMs }, asked, reached);
  const option = stackOption(stack.name);
  output.answer({ ok: true, ...done, steps: output.done }, answerText(done, option));
  if (asked.verb === 'try') await showLog(stack, asked, done);
  return 0;
}

function readAsked(words: Words): Question {
  const [typed, service, version, source, unexpected] = words.positionals;
  const verb = upgradeVerbs.find((one) => one === typed);
  if (verb === undefined) {
    const what = typed === undefined ? 'what?' : `there is no '${typed}'`;
    throw new UsageError(`upgrade: ${what} (${upgradeVerbs.join(', ')})`, help);
  }
  if (service === undefined) throw new UsageError(`upgrade ${verb}: which service?`, help);
  const tooMany = unexpected ?? (verb === 'abort' ? (source ?? version) : undefined);
  if (tooMany !== undefined) throw new UsageError(`upgrade: unexpected '${tooMany}'`, help);
  return {
    ...{ verb, service, version, source },
    command: ['upgrade', ...words.positionals].join(' '),
    resume: words.values.resume === true,
    witness: words.values.witness === true,
    readyWithinMs: 1_000 * numberOf(words, 'ready', readyBounds),
    lines: numberOf(words, 'lines', lineBounds),
    percent: numberOf(words, 'share', shareBounds),
    withinSeconds: numberOf(words, 'within', withinBounds),
  };
}

function numberOf(
  words: Words,
  option: string,
  { min, max }: { min: number; max: number },
): number {
  const typed = text(words, option) ?? '';
  const number = Number(typed);
  if (/^\d+$/.test(typed) && number >= min && number <= max) return number;
  throw new UsageError(
    `upgrade: --${option} is a number from ${min} to ${max}, not '${typed}'`,
    help,
  );
}

function answerText({ service, to, ended, instances }: Done, option: string): string {
  const count = instances.length;
  const status = `Next: mf status${option}`;
  switch (ended) {
    case 'nothing to do':
      return `${service} runs ${to} already, nothing was changed. ${status}`;
    case 'rolled':
      return `${service} runs ${to}, ${count === 1 ? 'one instance' : `${count} instances`}. ${status}`;
    case 'returned':
      return `${service} is as it was before ${to}. ${status}`;
    case 'tried':
      return `${service} ${to} runs beside the others. Next: mf upgrade roll ${service}${option} · mf upgrade abort ${service}${option}`;
  }
}

/** Followed on a terminal, until Ctrl-C: the try goes on without us. */
async function showLog(
  { dir }: Stack,
  { lines }: Question,
  { instances, to }: Done,
): Promise<void> {
  const tried = instances.find(({ version }) => version === to);
  if (tried === undefined || lines === 0) return;
  const follow = process.stdout.isTTY ? ['-F'] : [];
  const words = ['-n', String(lines), ...follow, '--', join(dir, 'log', `${tried.program}.log`)];
  await execa('tail', words, { stdio: ['ignore', 'inherit', 'inherit'], reject: false });
}
