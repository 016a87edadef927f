/**
 * One sequential test between two versions' shares of bad requests, by e-values. Pure arithmetic;
 * sequential.ts makes its four tests of it, README.md says why it may be looked at after each block.
 *
 * A block is what both versions did in one interval. Evidence against a hypothesis is multiplied by
 * how much likelier the block is under a supposed difference than under the nearest point of the
 * hypothesis. Whatever the truth within the hypothesis, the expected factor is at most 1.
 */

export interface Count {
  all: number;
  hits: number;
}

export interface Block {
  old: Count;
  new: Count;
}

/** What the evidence speaks against: that the new version's share is at most, or at least, `by` more. */
export interface Hypothesis {
  against: 'at most' | 'at least';
  by: number;
  /** Differences between the new version's share and the old one's to bet on, in equal parts. */
  suppose: readonly number[];
}

export interface Evidence {
  /** The logarithm of what each supposed difference has won so far. */
  readonly logs: readonly number[];
  /** The logarithm of the most that all of them had together: what was once shown stays shown. */
  readonly peak: number;
}

export const noEvidence: Evidence = { logs: [], peak: 0 };

/** No share is certain; a bet on certainty would lose everything with one request. */
const leastShare = 0.0005;
const halvings = 30;

/** `expected` is the old version's share as it was before this block; how well it fits decides how fast. */
export function addBlock(
  evidence: Evidence,
  block: Block,
  hypothesis: Hypothesis,
  expected: number,
): Evidence {
  const logs = hypothesis.suppose.map((difference, at) => {
    const supposed = { old: possible(expected), new: possible(possible(expected) + difference) };
    return (evidence.logs[at] ?? 0) + logFactor(block, supposed, hypothesis);
  });
  return { logs, peak: Math.max(evidence.peak, logOfMean(logs)) };
}

/** By Ville's inequality, whatever is true of the hypothesis is shown wrong at most with this chance. */
export function isShown({ peak }: Evidence, chance: number): boolean {
  return peak >= Math.log(1 / chance);
}

interface Shares {
  old: number;
  new: number;
}

function logFactor(block: Block, supposed: Shares, { against, by }: Hypothesis): number {
  const difference = supposed.new - supposed.old;
  // A bet that agrees with the hypothesis is none.
  if (against === 'at most' ? difference <= by : difference >= by) return 0;
  const old = nearest(block, supposed, by);
  return gain(block.old, supposed.old, old) + gain(block.new, supposed.new, old + by);
}

function gain({ all, hits }: Count, supposed: number, given: number): number {
  const misses = all - hits;
  return hits * Math.log(supposed / given) + misses * Math.log((1 - supposed) / (1 - given));
}

/**
 * The old version's share at the point of the hypothesis' edge that is nearest to what is supposed, by
 * Kullback and Leibler's measure: where its derivative along the edge, which only grows, is 0.
 */
function nearest(block: Block, supposed: Shares, by: number): number {
  const [m, n] = [block.old.all, block.new.all];
  if (by === 0) return (m * supposed.old + n * supposed.new) / (m + n);
  const slope = (share: number, wanted: number) => (share - wanted) / (share * (1 - share));
  const edges = [supposed.old, supposed.new - by];
  let low = Math.max(Math.min(...edges), 0, -by);
  let high = Math.min(Math.max(...edges), 1, 1 - by);
  for (let i = 0; i < halvings; i += 1) {
    const middle = (low + high) / 2;
    const rising = m * slope(middle, supposed.old) + n * slope(middle + by, supposed.new) > 0;
    if (rising) high = middle;
    else low = middle;
  }
  return (low + high) / 2;
}

const possible = (share: number) => Math.min(1 - leastShare, Math.max(leastShare, share));

function logOfMean(logs: readonly number[]): number {
  const highest = Math.max(...logs);
  const sum = logs.reduce((total, log) => total + Math.exp(log - highest), 0);
  return highest + Math.log(sum / logs.length);
}
