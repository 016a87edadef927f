/**
 * Does an upgrade step by step until it is finished, or rests: look, plan, write down, do, and again.
 *
 * cli/upgrade.ts hands over the crew, which is everything that touches the stack (crew.ts), and the
 * journal. While an old instance drains the next new one may start already: who drains serves nobody
 * any more, so neither rule of planner.ts is bent.
 */
import type { Verdict } from '../canary/sequential.ts';
import { messageOf } from '../failure.ts';
import type { Journal } from './journal.ts';
import { nextStep } from './planner.ts';
import type { Seen, Shares, Step, Upgrade } from './state.ts';
import { after, before, type Outcome } from './transitions.ts';

/** More instances than this beyond the places, and the release is one that dies. */
const extraStarts = 2;

/** What is done to the stack. Whatever rejects has failed. */
export interface Crew {
  look(): Promise<{ seen: Seen[]; shares: Shares | undefined }>;
  start(version: string): Promise<void>;
  serving(program: string): Promise<void>;
  prove(program: string, instance: string): Promise<void>;
  stop(program: string): Promise<void>;
  share(shares: Shares | undefined): Promise<void>;
  judge(program: string): Promise<Verdict>;
  contract(): Promise<void>;
  /** This reason to turn back, with the program's last words. */
  failureOf(program: string, why: string): Promise<Error>;
}

export interface Course {
  crew: Crew;
  journal: Journal;
  /** Told when the upgrade turns back. */
  turned?(why: string): void;
  /** Told at each boundary between steps: a test ends the process there. */
  reached?(boundary: string): void;
}

export type Ended =
  /** All new. */
  | { as: 'rolled' }
  /** One new beside the old ones. */
  | { as: 'tried' }
  /** As it was, and why; `failure` is what the step has thrown that was the reason. */
  | { as: 'returned'; why: string; failure: unknown };

export async function runUpgrade(begun: Upgrade, course: Course): Promise<Ended> {
  const { crew, journal, turned, reached } = course;
  const exits = exitsOf(crew);
  const patience = patienceFor(begun);
  let upgrade = begun;
  let failure: unknown;
  for (;;) {
    const step = await exits.plan(upgrade);
    if (step.do === 'rest') return { as: 'tried' };
    upgrade = before(upgrade, step, tell(step));
    await journal.write(upgrade);
    reached?.(`before ${step.do}`);
    if (step.do === 'finish') {
      await journal.close();
      return endOf(upgrade, failure);
    }
    const outcome = await outcomeOf(async () => {
      const over = patience.over(step, upgrade);
      if (over) throw await crew.failureOf(over.program, over.why);
      return step.do === 'stop' ? exits.begin(step) : perform(crew, step);
    });
    const next = after(upgrade, step, outcome);
    if (outcome.is === 'failed') {
      // There is nothing to turn back to.
      if (next === upgrade) throw outcome.error;
      failure = outcome.error;
    }
    if (next.phase.name === 'returning' && next.phase !== upgrade.phase) turned?.(next.phase.why);
    upgrade = next;
    await journal.write(upgrade);
    reached?.(`after ${step.do}`);
  }
}

/** What was being done, for people who find the journal. */
function tell(step: Step): string {
  switch (step.do) {
    case 'start':
      return `starting an instance of ${step.version}`;
    case 'await':
      return `waiting for ${step.program} to serve`;
    case 'prove':
      return `watching how ${step.program} answers`;
    case 'stop':
      return `stopping ${step.program}`;
    case 'share':
      return 'moving shares of the traffic';
    case 'judge':
      return 'comparing the canary with the old release';
    case 'contract':
      return 'applying migrations that take something away';
    case 'rest':
    case 'finish':
      return 'nothing any more';
  }
}

/** Those who drain in the background: one at a time, and all gone before what needs them gone. */
function exitsOf(crew: Crew) {
  let leaving: { program: string; gone: Promise<void>; isGone: boolean } | undefined;

  async function plan(upgrade: Upgrade): Promise<Step> {
    // Its name may be another one's by now.
    if (leaving?.isGone) await waitForIt();
    const { seen, shares } = await crew.look();
    const isLeaving = ({ program }: Seen) => program === leaving?.program;
    const now = seen.map((one) => (isLeaving(one) ? { ...one, state: 'leaving' as const } : one));
    const step = nextStep(upgrade, now, shares);
    if (leaving === undefined || ['start', 'await', 'prove'].includes(step.do)) return step;
    await waitForIt();
    return plan(upgrade);
  }

  async function waitForIt(): Promise<void> {
    const last = leaving;
    leaving = undefined;
    await last?.gone;
  }

  async function begin({ program }: { program: string }): Promise<Outcome> {
    const one = { program, gone: crew.stop(program), isGone: false };
    leaving = one;
    // Whoever waits for it hears how it ended; until then that is nobody's unhandled rejection.
    const note = () => {
      one.isGone = true;
    };
    one.gone.then(note, note);
    return { is: 'done' };
  }

  return { plan, begin };
}

async function perform(crew: Crew, step: Step): Promise<Outcome> {
  switch (step.do) {
    case 'start':
      await crew.start(step.version);
      break;
    case 'await':
      await crew.serving(step.program);
      break;
    case 'prove':
      await crew.prove(step.program, step.instance);
      break;
    case 'share':
      await crew.share(step.shares);
      break;
    case 'contract':
      await crew.contract();
      break;
    case 'judge':
      return { is: 'judged', verdict: await crew.judge(step.program) };
  }
  return { is: 'done' };
}

/** A release whose instances come up, answer and die would be started for ever. */
function patienceFor({ was }: Upgrade) {
  const places = was.reduce((sum, { count }) => sum + count, 0);
  let left = places + extraStarts;
  return {
    over(step: Step, { to, phase }: Upgrade): { program: string; why: string } | undefined {
      if (step.do !== 'prove' || phase.name === 'returning') return undefined;
      left -= 1;
      if (left >= 0) return undefined;
      return { program: step.program, why: `instances of ${to} serve and die again and again` };
    },
  };
}

async function outcomeOf(work: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await work();
  } catch (error) {
    return { is: 'failed', why: messageOf(error), error };
  }
}

function endOf({ phase }: Upgrade, failure: unknown): Ended {
  return phase.name === 'returning'
    ? { as: 'returned', why: phase.why, failure }
    : { as: 'rolled' };
}
