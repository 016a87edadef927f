/**
 * Whether a new version is worse than the old one, decided while the evidence comes in. Pure: the
 * canary (`mf upgrade canary`) feeds it one sample after the other, simulate.ts shows its error rates.
 *
 * Two questions are asked of each of two things, errors and slowness, by four tests of one kind
 * (e-value.ts). "worse": the new version is beyond what is tolerated, shown against the hypothesis
 * that it is not. "not worse": harm is excluded, shown against the hypothesis that there is some.
 * As long as neither is shown there is not enough evidence, and the caller's time limit may end it
 * at any moment. README.md has the mathematics.
 */
import {
  addBlock,
  type Count,
  type Evidence,
  type Hypothesis,
  isShown,
  noEvidence,
} from './e-value.ts';
import { chooseBound, slowerThan } from './slow.ts';

/** What one version did during an interval: the same interval for both. */
export interface VersionSample {
  requests: number;
  /** Answers 5xx, and connections that brought none. */
  errors: number;
  /** Requests by how long they took: what fell into each bucket, and last what was beyond them all. */
  latency: readonly number[];
}

export interface Sample {
  old: VersionSample;
  new: VersionSample;
}

export interface Options {
  /** The upper ends of the latency buckets but the last, in seconds, ascending. */
  boundsSeconds: readonly number[];
  /** How many of the new version's first requests say nothing of its speed: nothing is warm yet. */
  warmUpRequests?: number;
}

export type Verdict = 'worse' | 'not worse' | 'not enough evidence';

/** The chance to call a version worse that is not: of errors and of slowness half of it each. */
export const wrongAborts = 0.01;
/** The chance to call a version not worse that has this much more errors, or is this much slower. */
export const misses = 0.005;
/** As shares of all requests. In between the two a version may be called either, or neither. */
export const toleratedErrors = 0.01;
export const harmfulErrors = 0.05;
export const toleratedSlowness = 0.05;
export const harmfulSlowdown = 1.5;

const defaultWarmUpRequests = 30;
/** Before anything is known: one request of a hundred fails. */
const guessed: Count = { all: 10, hits: 0.1 };

const moreErrors: Hypothesis = {
  against: 'at most',
  by: toleratedErrors,
  suppose: [0.05, 0.15, 0.5],
};
const fewErrors: Hypothesis = { against: 'at least', by: harmfulErrors, suppose: [0] };
const slower: Hypothesis = {
  against: 'at most',
  by: toleratedSlowness,
  suppose: [0.15, 0.3, 0.6],
};
/** What is harm goes by how slow is told (slow.ts). */
const fast = (harm: number): Hypothesis => ({
  against: 'at least',
  by: harm,
  suppose: harm > 0 ? [0] : [-0.1, -0.2, -0.5],
});

/** Requests of one sort: only like is compared with like. */
interface Ledger {
  /** What both did so far. */
  readonly seen: Sample;
  /** Of that, what has been weighed, or was too early to be. The rest waits for the other version. */
  readonly known: { readonly errors: Sample; readonly latency: Sample };
}

export interface State {
  readonly options: Required<Options>;
  readonly ledgers: ReadonlyMap<string, Ledger>;
  readonly evidence: {
    readonly moreErrors: Evidence;
    readonly fewErrors: Evidence;
    readonly slower: Evidence;
    readonly fast: Evidence;
  };
}

export function start(options: Options): State {
  return {
    options: { warmUpRequests: defaultWarmUpRequests, ...options },
    ledgers: new Map(),
    evidence: {
      moreErrors: noEvidence,
      fewErrors: noEvidence,
      slower: noEvidence,
      fast: noEvidence,
    },
  };
}

/**
 * Probes are another sort than what people ask for: the two versions need not get both in the same
 * proportion, and together they would be compared by what they were asked.
 */
export function observe(state: State, sample: Sample, sort = 'requests'): State {
  const warm = requestsOfNew(state) >= state.options.warmUpRequests;
  const { seen, known } = state.ledgers.get(sort) ?? emptyLedger;
  const ledger = { seen: combine(seen, sample, plus), known };
  return weighSlowness(weighErrors({ state, ledger }), warm, sort);
}

/** How many requests of the new version were seen. */
export function requestsOfNew({ ledgers }: State): number {
  return [...ledgers.values()].reduce((sum, { seen }) => sum + seen.new.requests, 0);
}

export function verdictOf({ evidence }: State): Verdict {
  const chance = wrongAborts / 2;
  if (isShown(evidence.moreErrors, chance) || isShown(evidence.slower, chance)) return 'worse';
  // Both harms have to be excluded, so each may use the whole of the chance.
  const harmless = isShown(evidence.fewErrors, misses) && isShown(evidence.fast, misses);
  return harmless ? 'not worse' : 'not enough evidence';
}

interface Weighing {
  state: State;
  ledger: Ledger;
}

function weighErrors({ state, ledger }: Weighing): Weighing {
  const { seen, known } = ledger;
  const fresh = combine(seen, known.errors, minus);
  if (fresh.old.requests === 0 || fresh.new.requests === 0) return { state, ledger };
  const block = {
    old: { all: fresh.old.requests, hits: fresh.old.errors },
    new: { all: fresh.new.requests, hits: fresh.new.errors },
  };
  const before = known.errors.old;
  const expected = (before.errors + guessed.hits) / (before.requests + guessed.all);
  const evidence = {
    ...state.evidence,
    moreErrors: addBlock(state.evidence.moreErrors, block, moreErrors, expected),
    fewErrors: addBlock(state.evidence.fewErrors, block, fewErrors, expected),
  };
  return { state: { ...state, evidence }, ledger: { seen, known: { ...known, errors: seen } } };
}

function weighSlowness({ state, ledger }: Weighing, warm: boolean, sort: string): State {
  const { seen, known } = ledger;
  // What is slow was decided by what came before the block: the block itself has no say in it.
  const before = known.latency.old.latency;
  const choice = chooseBound(before, state.options.boundsSeconds, harmfulSlowdown);
  const weighed = { seen, known: { ...known, latency: seen } };
  const keep = (of: Ledger) => ({ ...state, ledgers: new Map(state.ledgers).set(sort, of) });
  if (!warm || !choice) return keep(weighed);
  const fresh = combine(seen, known.latency, minus);
  const [old, current] = [fresh.old.latency, fresh.new.latency];
  if (slowerThan(old, -1) === 0 || slowerThan(current, -1) === 0) return keep(ledger);
  const beyond = (latency: readonly number[], place: number): Count => ({
    all: slowerThan(latency, -1),
    hits: slowerThan(latency, place),
  });
  const same = { old: beyond(old, choice.bound), new: beyond(current, choice.bound) };
  const slowed = { old: beyond(old, choice.before), new: beyond(current, choice.bound) };
  const share = (place: number) => slowerThan(before, place) / slowerThan(before, -1);
  const evidence = {
    ...state.evidence,
    slower: addBlock(state.evidence.slower, same, slower, share(choice.bound)),
    fast: addBlock(state.evidence.fast, slowed, fast(choice.harm), share(choice.before)),
  };
  return { ...keep(weighed), evidence };
}

const nothing: VersionSample = { requests: 0, errors: 0, latency: [] };
const none: Sample = { old: nothing, new: nothing };
const emptyLedger: Ledger = { seen: none, known: { errors: none, latency: none } };

const plus = (a: number, b: number) => a + b;
const minus = (a: number, b: number) => a - b;

function combine(a: Sample, b: Sample, by: (a: number, b: number) => number): Sample {
  const version = (x: VersionSample, y: VersionSample): VersionSample => ({
    requests: by(x.requests, y.requests),
    errors: by(x.errors, y.errors),
    latency: Array.from({ length: Math.max(x.latency.length, y.latency.length) }, (_, at) =>
      by(x.latency[at] ?? 0, y.latency[at] ?? 0),
    ),
  });
  return { old: version(a.old, b.old), new: version(a.new, b.new) };
}
