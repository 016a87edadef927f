/**
 * Watches a canary beside the version that it may replace, until the evidence says worse or not
 * worse, or the time is over. `mf upgrade canary` calls it when the canary has its share, and acts
 * on what it says.
 *
 * Each round counts what people asked for; where that was too little to compare by, a moment of
 * probes follows. The two are never counted at the same time, so that like is compared with like.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { httpBucketsSeconds } from '@microflack/common/metrics.ts';
import { routeOf } from '../receipts/instance-watch.ts';
import type { Stack } from '../stack.ts';
import { proberOf } from './probes.ts';
import { type Compared, samplesOf } from './samples.ts';
import {
  observe,
  requestsOfNew,
  type Sample,
  type State,
  start,
  type Verdict,
  verdictOf,
} from './sequential.ts';

const roundMs = 700;
/** Of the new version in a round: with fewer, deciding takes minutes. */
const enoughRequests = 5;

export interface Judgement {
  verdict: Verdict;
  seconds: number;
  /** Of both versions, people's and probes together: what it was decided by. */
  requests: number;
  requestsOfNew: number;
  errors: number;
  errorsOfNew: number;
  probes: number;
}

/** Looks at any state of the comparison, for whoever wants to tell of it. */
export type Watcher = (soFar: Judgement) => void;

export async function judgeCanary(
  stack: Stack,
  compared: Compared,
  { withinSeconds, watch }: { withinSeconds: number; watch?: Watcher },
): Promise<Judgement> {
  const samples = samplesOf(stack, compared);
  const route = await routeOf(stack, compared.service).catch(() => undefined);
  const probe = route === undefined ? undefined : proberOf(stack, route, compared);
  const begun = performance.now();
  let state = start({ boundsSeconds: httpBucketsSeconds });
  let probes = 0;

  const isDecided = (sample: Sample, sort: string): boolean => {
    state = observe(state, sample, sort);
    watch?.(judgementOf(state, begun, probes));
    return verdictOf(state) !== 'not enough evidence';
  };

  await samples.take();
  while (performance.now() - begun < withinSeconds * 1000) {
    await wait(roundMs);
    const asked = await samples.take();
    if (isDecided(asked, 'requests')) break;
    if (!probe || asked.new.requests >= enoughRequests) continue;
    const answered = await probe();
    probes += answered.old.requests + answered.new.requests;
    if (isDecided(answered, 'probes')) break;
    // What the instances counted meanwhile were the probes.
    await samples.take();
  }
  return judgementOf(state, begun, probes);
}

function judgementOf(state: State, begun: number, probes: number): Judgement {
  const seen = [...state.ledgers.values()].map((ledger) => ledger.seen);
  const sum = (of: (sample: Sample) => number) => seen.reduce((so, sample) => so + of(sample), 0);
  return {
    verdict: verdictOf(state),
    seconds: Math.round((performance.now() - begun) / 100) / 10,
    requests: sum((sample) => sample.old.requests + sample.new.requests),
    requestsOfNew: requestsOfNew(state),
    errors: sum((sample) => sample.old.errors + sample.new.errors),
    errorsOfNew: sum((sample) => sample.new.errors),
    probes,
  };
}
