/**
 * Rollouts that never happened, to count how often the canary would have decided wrongly. Pure and
 * seeded: the same seed is the same rollout. simulate.test.ts asserts the rates, README.md tells them.
 *
 * Requests come at random times and take a lognormal time; each version fails its share of them.
 */
import {
  observe,
  requestsOfNew,
  type Sample,
  start,
  type Verdict,
  type VersionSample,
  verdictOf,
} from './sequential.ts';

export interface Rollout {
  /** Requests a second, of both versions together. */
  perSecond: number;
  /** The new version's part of them. */
  share: number;
  errorShare: number;
  medianSeconds: number;
  /** Of the logarithm of times: 0.3 is a service that always does the same, 1 is a very mixed one. */
  spread: number;
  /** What is different about the new version. */
  moreErrors: number;
  slowdown: number;
  limitSeconds: number;
}

export interface Outcome {
  verdict: Verdict;
  seconds: number;
  /** Of the new version. */
  requests: number;
}

type Random = () => number;

/** As common/metrics.ts has them: each bound is one and a half of the one before. */
const [firstSeconds, step] = [0.0005, 1.5];
export const boundsSeconds = Array.from({ length: 24 }, (_, at) => firstSeconds * step ** at);
const [logOfFirst, logOfStep] = [Math.log(firstSeconds), Math.log(step)];

export function simulate(rollout: Rollout, seed: number): Outcome {
  const random = randomFrom(seed);
  let state = start({ boundsSeconds });
  for (let second = 1; ; second += 1) {
    state = observe(state, intervalOf(rollout, random));
    const verdict = verdictOf(state);
    if (verdict !== 'not enough evidence' || second >= rollout.limitSeconds) {
      return { verdict, seconds: second, requests: requestsOfNew(state) };
    }
  }
}

/** One second of traffic. */
function intervalOf(rollout: Rollout, random: Random): Sample {
  const { perSecond, share, errorShare, medianSeconds, moreErrors, slowdown } = rollout;
  const version = (rate: number, errors: number, median: number): VersionSample => {
    const requests = poisson(rate, random);
    let failed = 0;
    const latency: number[] = new Array(boundsSeconds.length + 1).fill(0);
    for (let i = 0; i < requests; i += 1) {
      if (random() < errors) failed += 1;
      const place = placeOf(Math.log(median) + rollout.spread * normal(random));
      latency[place] = (latency[place] ?? 0) + 1;
    }
    return { requests, errors: failed, latency };
  };
  return {
    old: version(perSecond * (1 - share), errorShare, medianSeconds),
    new: version(perSecond * share, errorShare + moreErrors, medianSeconds * slowdown),
  };
}

/** In which bucket a time falls, given by its logarithm. */
function placeOf(log: number): number {
  const place = Math.ceil((log - logOfFirst) / logOfStep);
  return Math.min(boundsSeconds.length, Math.max(0, place));
}

/** Mulberry32: small, quick, and good enough to roll dice with. */
export function randomFrom(seed: number): Random {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** By Box and Muller. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** By Knuth: as many as fit in a second. */
function poisson(mean: number, random: Random): number {
  let count = -1;
  let passed = 0;
  while (passed < mean) {
    passed -= Math.log(1 - random());
    count += 1;
  }
  return Math.max(0, count);
}
