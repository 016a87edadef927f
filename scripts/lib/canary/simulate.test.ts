import { expect, test } from 'vitest';
import { type Outcome, type Rollout, randomFrom, simulate } from './simulate.ts';

/** `MF_TEST_ALL=1` asks for ten times as many, for closer figures. */
const rollouts = process.env.MF_TEST_ALL ? 10_000 : 1_000;
/** Two seconds in all, where nothing else runs. */
const withinMs = 60_000;
const atMostWrong = rollouts * 0.01;

const same = { moreErrors: 0, slowdown: 1 };

/** Rollouts of all sorts of services, each with a seed of its own. */
function play(difference: Pick<Rollout, 'moreErrors' | 'slowdown'>): Outcome[] {
  return Array.from({ length: rollouts }, (_, seed) => {
    const random = randomFrom(seed + 1_000_000);
    const oneOf = (values: readonly number[]) =>
      values[Math.floor(random() * values.length)] ?? Number.NaN;
    const rollout = {
      perSecond: oneOf([20, 40, 80]),
      share: oneOf([0.1, 0.2, 0.5]),
      errorShare: oneOf([0, 0.005, 0.02]),
      medianSeconds: oneOf([0.015, 0.06, 0.2]),
      spread: oneOf([0.3, 0.5, 0.8]),
      limitSeconds: 90,
      ...difference,
    };
    return simulate(rollout, seed);
  });
}

const countOf = (verdict: Outcome['verdict'], outcomes: readonly Outcome[]) =>
  outcomes.filter((outcome) => outcome.verdict === verdict).length;

test(
  'of a thousand rollouts of the same version at most 1 % are aborted, and most are cleared',
  () => {
    const outcomes = play(same);
    expect(countOf('worse', outcomes)).toBeLessThanOrEqual(atMostWrong);
    expect(countOf('not worse', outcomes)).toBeGreaterThan(rollouts * 0.95);
  },
  withinMs,
);

test(
  'of a thousand versions with 5 % more errors at most 1 % are missed, and most are found',
  () => {
    const outcomes = play({ ...same, moreErrors: 0.05 });
    expect(countOf('not worse', outcomes)).toBeLessThanOrEqual(atMostWrong);
    expect(countOf('worse', outcomes)).toBeGreaterThan(rollouts * 0.8);
  },
  withinMs,
);

test(
  'of a thousand versions with 50 % more latency at most 1 % are missed, and most are found',
  () => {
    const outcomes = play({ ...same, slowdown: 1.5 });
    expect(countOf('not worse', outcomes)).toBeLessThanOrEqual(atMostWrong);
    expect(countOf('worse', outcomes)).toBeGreaterThan(rollouts * 0.95);
  },
  withinMs,
);

test(
  'a version that fails half of its requests is found within 10 s at 20 requests a second',
  () => {
    const really = {
      perSecond: 20,
      share: 0.2,
      errorShare: 0.005,
      medianSeconds: 0.01,
      spread: 0.5,
    };
    for (let seed = 0; seed < rollouts; seed += 1) {
      const bad = { ...really, ...same, moreErrors: 0.5, limitSeconds: 10 };
      expect(simulate(bad, seed).verdict, `seed ${seed}`).toBe('worse');
    }
  },
  withinMs,
);

test('without traffic there is never enough evidence, however long it takes', () => {
  const idle = { perSecond: 0, share: 0.1, errorShare: 0, medianSeconds: 0.01, spread: 0.5 };
  const outcome = simulate({ ...idle, moreErrors: 0.9, slowdown: 9, limitSeconds: 600 }, 1);
  expect(outcome).toEqual({ verdict: 'not enough evidence', seconds: 600, requests: 0 });
});
