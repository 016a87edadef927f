/**
 * A service's instances as they would be, for tests of the planner: steps are done on it, fail, or
 * are cut off at whatever point by a command that is killed.
 */
import { nextStep } from '../planner.ts';
import type { Seen, Shares, Step, Upgrade } from '../state.ts';
import { after, before } from '../transitions.ts';

export interface World {
  instances: Seen[];
  shares: Shares | undefined;
  /** On disk; undefined when there is none. */
  upgrade: Upgrade | undefined;
  contracted: boolean;
}

/** What becomes of one step. */
export type Fate =
  | 'done'
  | 'fails'
  /** The command dies before, in the middle of, or right after it. */
  | 'killed before'
  | 'killed within'
  | 'killed after';

let ids = 0;

export function instance(program: string, version: string, state: Seen['state']): Seen {
  ids += 1;
  return { program, version, instance: `${program}-${ids}`, state };
}

export function anUpgrade(wanted: Partial<Upgrade> = {}): Upgrade {
  return {
    service: 'notes',
    to: 'v2',
    single: false,
    was: [{ version: 'v1', count: 3 }],
    usesShares: wanted.sharesBefore !== undefined,
    phase: { name: 'rolling' },
    proved: [],
    contraction: 'none',
    begunAt: '2026-11-21T12:00:00.000Z',
    by: 'ada@host',
    doing: '',
    ...wanted,
  };
}

/** All that the upgrade says was there, serving. */
export function aWorld(upgrade: Upgrade): World {
  const versions = upgrade.was.flatMap(({ version, count }) => Array(count).fill(version));
  const instances = versions.map((version, i) => instance(`notes-${i + 1}`, version, 'serving'));
  const ran = instances.filter(({ version }) => version === upgrade.to);
  const proved = ran.flatMap(({ instance: id }) => id ?? []);
  const known = { ...upgrade, proved };
  return { instances, shares: upgrade.sharesBefore, upgrade: known, contracted: false };
}

export function planned(world: World): Step | undefined {
  return world.upgrade && nextStep(world.upgrade, world.instances, world.shares);
}

/** Does the next step of the upgrade, or as much of it as its fate lets happen. */
export function advance(world: World, fate: Fate): World {
  const step = planned(world);
  if (step === undefined || world.upgrade === undefined) return world;
  const noted = { ...world, upgrade: before(world.upgrade, step, step.do) };
  if (fate === 'killed before') return noted;
  if (fate === 'killed within') return settled(half(noted, step));
  if (fate === 'fails') return { ...failed(noted, step), upgrade: turned(noted.upgrade, step) };
  const did = whole(noted, step);
  if (fate === 'killed after' && step.do !== 'finish') return { ...did, upgrade: noted.upgrade };
  const outcome =
    step.do === 'judge'
      ? ({ is: 'judged', verdict: 'not worse' } as const)
      : { is: 'done' as const };
  return { ...did, upgrade: did.upgrade && after(did.upgrade, step, outcome) };
}

function turned(upgrade: Upgrade, step: Step): Upgrade {
  return after(upgrade, step, { is: 'failed', why: 'luck', error: undefined });
}

function whole(world: World, step: Step): World {
  const { instances } = world;
  switch (step.do) {
    case 'start':
      return { ...world, instances: [...instances, aNew(world, step.version, 'serving')] };
    case 'stop':
      return { ...world, instances: instances.filter(({ program }) => program !== step.program) };
    case 'await':
      return { ...world, instances: withState(instances, step.program, 'serving') };
    case 'share':
      return { ...world, shares: step.shares };
    case 'contract':
      return { ...world, contracted: true };
    case 'finish':
      return { ...world, upgrade: undefined };
    case 'prove':
    case 'judge':
    case 'rest':
      return world;
  }
}

/** Killed within: a start that is declared, or starting; a stop that has just been told. */
function half(world: World, step: Step): World {
  const { instances } = world;
  if (step.do === 'start') {
    const state = instances.length % 2 === 0 ? 'dead' : 'starting';
    return { ...world, instances: [...instances, aNew(world, step.version, state)] };
  }
  if (step.do === 'stop') {
    return { ...world, instances: withState(instances, step.program, 'leaving') };
  }
  return world;
}

/** One that was told to stop ends, and stands there dead, as whoever would have cleared up was killed. */
function settled(world: World): World {
  const instances = world.instances.map((one) =>
    one.state === 'leaving' ? { ...one, state: 'dead' as const } : one,
  );
  return { ...world, instances };
}

/** A start that fails leaves nothing; one that does not come up, or answers badly, is still there. */
function failed(world: World, step: Step): World {
  if (step.do !== 'await') return world;
  return { ...world, instances: withState(world.instances, step.program, 'starting') };
}

function aNew({ instances }: World, version: string, state: Seen['state']): Seen {
  const taken = new Set(instances.map(({ program }) => program));
  let n = 1;
  while (taken.has(`notes-${n}`)) n += 1;
  return instance(`notes-${n}`, version, state);
}

function withState(instances: readonly Seen[], program: string, state: Seen['state']): Seen[] {
  return instances.map((one) => (one.program === program ? { ...one, state } : one));
}
