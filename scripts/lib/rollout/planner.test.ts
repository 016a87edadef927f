import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextStep } from './planner.ts';
import { sameShares, sharesAfter } from './shares.ts';
import type { Phase, Shares, Step, Upgrade } from './state.ts';
import {
  advance,
  anUpgrade,
  aWorld,
  type Fate,
  instance,
  planned,
  type World,
} from './testing/world.ts';
import { pointOfNoReturn, turnBack } from './transitions.ts';

/** More than any upgrade takes: whoever is not done by then goes round in circles. */
const manySteps = 200;

/** The steps of an undisturbed upgrade, in short. */
function story(upgrade: Upgrade, world = aWorld(upgrade)): string[] {
  const told: string[] = [];
  let now = world;
  for (let i = 0; i < manySteps; i += 1) {
    const step = planned(now);
    if (step === undefined || step.do === 'rest') return told;
    told.push(tell(step));
    now = advance(now, 'done');
  }
  throw new Error(`not done after ${manySteps} steps: ${told.slice(0, 20).join(', ')}`);
}

function tell(step: Step): string {
  if (step.do === 'start') return `start ${step.version}`;
  if (step.do === 'share') return `share ${percents(step.shares)}`;
  return 'program' in step && step.do !== 'judge' ? `${step.do} ${step.program}` : step.do;
}

function percents(shares: Shares | undefined): string {
  return shares?.shares.map(({ version, percent }) => `${version}=${percent}`).join(' ') ?? 'none';
}

describe('in order', () => {
  test('a roll replaces one after the other: start, prove, then stop an old one', () => {
    expect(story(anUpgrade())).toEqual([
      ...['start v2', 'prove notes-4', 'stop notes-3'],
      ...['start v2', 'prove notes-3', 'stop notes-2'],
      ...['start v2', 'prove notes-2', 'stop notes-1', 'finish'],
    ]);
  });

  test('a try starts one and rests; a roll goes on with it', () => {
    const trying = anUpgrade({ phase: { name: 'trying' } });
    expect(story(trying)).toEqual(['start v2', 'prove notes-4']);
    const tried = aWorld(trying);
    const fourth = instance('notes-4', 'v2', 'serving');
    tried.instances.push(fourth);
    const rolling = anUpgrade({ proved: [fourth.instance ?? ''] });
    expect(story(rolling, { ...tried, upgrade: rolling })[0]).toBe('stop notes-3');
  });

  test('a canary gets its share before it starts, and the share goes when it takes over', () => {
    const upgrade = anUpgrade({ phase: { name: 'judging', percent: 5 }, usesShares: true });
    expect(story(upgrade)).toEqual([
      ...['share v1=95 v2=5', 'start v2', 'judge', 'share v1=67 v2=33', 'stop notes-3'],
      ...['start v2', 'share v1=34 v2=66', 'prove notes-3', 'stop notes-2'],
      ...['start v2', 'share v1=0 v2=100', 'prove notes-2', 'stop notes-1', 'share none', 'finish'],
    ]);
  });

  test('shares that were in force move along, and end with the new version alone', () => {
    const sharesBefore = { shares: [{ version: 'v1', percent: 100 }], sticky: true };
    const steps = story(anUpgrade({ was: [{ version: 'v1', count: 2 }], sharesBefore }));
    expect(steps.filter((step) => step.startsWith('share'))).toEqual([
      ...['share v1=50 v2=50', 'share v1=0 v2=100'],
    ]);
  });

  test('what takes something away is applied when no old instance is left, and not before', () => {
    expect(story(anUpgrade({ contraction: 'due' })).slice(-3)).toEqual([
      ...['stop notes-1', 'contract', 'finish'],
    ]);
  });

  test('a service of which there is only one is restarted in its place', () => {
    const upgrade = anUpgrade({ single: true, was: [{ version: 'v1', count: 1 }] });
    expect(story(upgrade)).toEqual(['stop notes-1', 'start v2', 'prove notes-1', 'finish']);
  });

  test('instances of the new release that ran already stay, and are counted', () => {
    const was = [
      { version: 'v1', count: 1 },
      { version: 'v2', count: 1 },
    ];
    expect(story(anUpgrade({ was }))).toEqual([
      ...['start v2', 'prove notes-3', 'stop notes-1', 'finish'],
    ]);
    expect(story(turnBack(anUpgrade({ was }), 'no'))).toEqual(['finish']);
  });
});

describe('back', () => {
  test('a try is undone by stopping what it started', () => {
    const back = turnBack(anUpgrade(), 'changed my mind');
    const world = aWorld(back);
    world.instances.push(instance('notes-4', 'v2', 'serving'));
    expect(story(back, world)).toEqual(['stop notes-4', 'finish']);
  });

  test('the one that answers badly goes first, and then each place is given back', () => {
    const bad = instance('notes-2', 'v2', 'serving');
    const instances = [
      instance('notes-1', 'v1', 'serving'),
      bad,
      instance('notes-3', 'v2', 'serving'),
    ];
    const back = turnBack(anUpgrade({ was: [{ version: 'v1', count: 2 }] }), 'bad', bad.instance);
    expect(story(back, { ...aWorld(back), instances })).toEqual([
      ...['stop notes-2', 'start v1', 'stop notes-3', 'finish'],
    ]);
  });

  test('a bad canary gets nothing any more before it is stopped', () => {
    const bad = instance('notes-4', 'v2', 'serving');
    const back = turnBack(anUpgrade({ usesShares: true }), 'worse', bad.instance);
    const world = aWorld(back);
    world.instances.push(bad);
    const shares = [
      { version: 'v1', percent: 95 },
      { version: 'v2', percent: 5 },
    ];
    expect(story(back, { ...world, shares: { shares, sticky: false } })).toEqual([
      ...['share v1=100 v2=0', 'stop notes-4', 'share none', 'finish'],
    ]);
  });
});

describe('whatever happens', () => {
  const fates = fc.array(
    fc.constantFrom<Fate>(
      'done',
      'done',
      'fails',
      'killed before',
      'killed within',
      'killed after',
    ),
    { maxLength: 30 },
  );
  const phases = fc.constantFrom<Phase>(
    { name: 'trying' },
    { name: 'rolling' },
    { name: 'judging', percent: 5 },
  );
  const was = fc.constantFrom<Upgrade['was'][]>(
    [{ version: 'v1', count: 1 }],
    [{ version: 'v1', count: 3 }],
    [
      { version: 'v0', count: 1 },
      { version: 'v1', count: 2 },
    ],
    [
      { version: 'v1', count: 2 },
      { version: 'v2', count: 1 },
    ],
  );
  const sharesBefore = fc.option(
    fc.constant<Shares>({ shares: [{ version: 'v1', percent: 100 }], sticky: false }),
    { nil: undefined },
  );
  const upgrades = fc
    .record({ phase: phases, was, sharesBefore, contraction: fc.constantFrom('none', 'due') })
    .map(({ sharesBefore: shares, phase, was: ran, contraction }) =>
      anUpgrade({
        phase,
        was: ran,
        ...(shares && { sharesBefore: shares }),
        usesShares: shares !== undefined || phase.name === 'judging',
        contraction: contraction === 'due' ? 'due' : 'none',
      }),
    );
  const single = anUpgrade({ single: true, was: [{ version: 'v1', count: 1 }] });
  const any = fc.oneof({ weight: 5, arbitrary: upgrades }, fc.constant(single));

  /** Everything that happened before somebody looks after it. */
  const disturbed = (upgrade: Upgrade, what: readonly Fate[]) =>
    what.reduce(advance, aWorld(upgrade));

  test('resuming ends with all new, or with what was', () => {
    fc.assert(
      fc.property(any, fates, (upgrade, what) => {
        const before = disturbed(upgrade, what);
        const { phase } = before.upgrade ?? upgrade;
        const rolling = before.upgrade && { ...before.upgrade, phase: forward(phase) };
        const end = complete({ ...before, upgrade: rolling });
        expect([isNew(upgrade, end), isAsBefore(upgrade, end)]).toContain(true);
        if (end.contracted) expect(isNew(upgrade, end)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test('aborting ends with what was, unless all was new already or there is no way back', () => {
    fc.assert(
      fc.property(any, fates, (upgrade, what) => {
        const before = disturbed(upgrade, what);
        if (before.upgrade === undefined || pointOfNoReturn(before.upgrade)) return;
        const end = complete({ ...before, upgrade: turnBack(before.upgrade, 'aborted') });
        expect(isAsBefore(upgrade, end)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test('no fewer instances serve than before, and one more is started at a time', () => {
    fc.assert(
      fc.property(upgrades, fates, (upgrade, what) => {
        const places = upgrade.was.reduce((sum, { count }) => sum + count, 0);
        let world = aWorld(upgrade);
        for (const fate of [...what, ...Array<Fate>(manySteps).fill('done')]) {
          world = advance(world, fate);
          const serving = world.instances.filter(({ state }) => state === 'serving');
          expect(serving.length).toBeGreaterThanOrEqual(places);
          expect(world.instances.length).toBeLessThanOrEqual(places + 1);
        }
      }),
    );
  });

  test('whoever dies in between is replaced', () => {
    fc.assert(
      fc.property(any, fates, fc.nat(3), (upgrade, what, victim) => {
        const world = disturbed(upgrade, what);
        const instances = world.instances.map((one, i) =>
          i === victim ? { ...one, state: 'dead' as const } : one,
        );
        const rolling = world.upgrade && { ...world.upgrade, phase: forward(world.upgrade.phase) };
        if (rolling === undefined) return;
        const end = complete({ ...world, instances, upgrade: rolling });
        expect([isNew(upgrade, end), isAsBefore(upgrade, end)]).toContain(true);
      }),
    );
  });

  test('what others run of the service is not touched', () => {
    const upgrade = anUpgrade();
    const stranger = instance('notes-9', 'v9', 'starting');
    const world = aWorld(upgrade);
    world.instances.push(stranger);
    expect(complete(world).instances).toContainEqual(stranger);
    expect(nextStep(upgrade, world.instances, undefined)).toEqual({ do: 'start', version: 'v2' });
  });
});

/** A try is resumed by a roll. */
function forward(phase: Phase): Phase {
  return phase.name === 'trying' ? { name: 'rolling' } : phase;
}

function complete(world: World): World {
  let now = world;
  for (let i = 0; i < manySteps && now.upgrade !== undefined; i += 1) now = advance(now, 'done');
  expect(now.upgrade).toBeUndefined();
  return now;
}

function isNew(upgrade: Upgrade, { instances, shares, contracted }: World): boolean {
  const places = upgrade.was.reduce((sum, { count }) => sum + count, 0);
  return (
    instances.length === places &&
    instances.every(({ version, state }) => version === upgrade.to && state === 'serving') &&
    sameShares(shares, sharesAfter(upgrade)) &&
    contracted === (upgrade.contraction === 'due')
  );
}

function isAsBefore(upgrade: Upgrade, { instances, shares }: World): boolean {
  const ran = upgrade.was.flatMap(({ version, count }) => Array<string>(count).fill(version));
  return (
    instances.every(({ state }) => state === 'serving') &&
    instances
      .map(({ version }) => version)
      .sort()
      .join() === ran.sort().join() &&
    sameShares(shares, upgrade.sharesBefore)
  );
}
