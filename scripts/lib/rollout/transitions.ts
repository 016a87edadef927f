/**
 * How what happened in a step changes an upgrade. Pure; run-upgrade.ts tells, planner.ts goes on
 * from what comes out.
 *
 * A step that fails on the way forward turns the upgrade round. On the way back there is nothing to
 * turn to: the upgrade stays as it is, and the same command can be tried again.
 */
import type { Verdict } from '../canary/sequential.ts';
import type { Step, Upgrade } from './state.ts';

export type Outcome =
  | { is: 'done' }
  | { is: 'failed'; why: string; error: unknown }
  | { is: 'judged'; verdict: Verdict };

export function after(upgrade: Upgrade, step: Step, outcome: Outcome): Upgrade {
  if (outcome.is === 'failed') return afterFailure(upgrade, step, outcome.why);
  switch (step.do) {
    case 'prove':
      return proved(upgrade, step.instance);
    case 'judge':
      return outcome.is === 'judged' ? judged(upgrade, step.instance, outcome.verdict) : upgrade;
    case 'contract':
      return { ...upgrade, contraction: 'done' };
    default:
      return upgrade;
  }
}

/** What must be on disk before the step is done. */
export function before(upgrade: Upgrade, step: Step, doing: string): Upgrade {
  const contraction = step.do === 'contract' ? 'begun' : upgrade.contraction;
  return { ...upgrade, contraction, doing };
}

/** Why an upgrade cannot be taken back any more; undefined while it can. */
export function pointOfNoReturn({ contraction, to }: Upgrade): string | undefined {
  if (contraction === 'none' || contraction === 'due') return undefined;
  return `${to} has begun to take away what the old release needs`;
}

export function turnBack(upgrade: Upgrade, why: string, blamed?: string): Upgrade {
  return { ...upgrade, phase: { name: 'returning', why, ...(blamed && { blamed }) } };
}

function afterFailure(upgrade: Upgrade, step: Step, why: string): Upgrade {
  if (upgrade.phase.name === 'returning' || pointOfNoReturn(upgrade) !== undefined) return upgrade;
  const blamed = step.do === 'prove' || step.do === 'judge' ? step.instance : undefined;
  return turnBack(upgrade, why, blamed);
}

function judged(upgrade: Upgrade, instance: string, verdict: Verdict): Upgrade {
  if (verdict !== 'not worse') return turnBack(upgrade, `the canary: ${verdict}`, instance);
  return { ...proved(upgrade, instance), phase: { name: 'rolling' } };
}

function proved(upgrade: Upgrade, instance: string): Upgrade {
  return { ...upgrade, proved: [...upgrade.proved, instance] };
}
