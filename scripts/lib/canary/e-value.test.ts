import { expect, test } from 'vitest';
import { addBlock, type Evidence, type Hypothesis, isShown, noEvidence } from './e-value.ts';

const atMost: Hypothesis = { against: 'at most', by: 0.01, suppose: [0.05, 0.5] };
const atLeast: Hypothesis = { against: 'at least', by: 0.05, suppose: [0] };

/** The chance of so many hits. */
function chanceOf(hits: number, all: number, share: number): number {
  let chance = share ** hits * (1 - share) ** (all - hits);
  for (let i = 0; i < hits; i += 1) chance *= (all - i) / (i + 1);
  return chance;
}

/** What a block wins on average where the shares are these. */
function expectedFactor(hypothesis: Hypothesis, old: number, fresh: number): number {
  const [m, n] = [9, 3];
  let expected = 0;
  for (let a = 0; a <= m; a += 1) {
    for (let b = 0; b <= n; b += 1) {
      const block = { old: { all: m, hits: a }, new: { all: n, hits: b } };
      const { logs } = addBlock(noEvidence, block, hypothesis, 0.02);
      const factor = logs.reduce((sum, log) => sum + Math.exp(log), 0) / logs.length;
      expected += factor * chanceOf(a, m, old) * chanceOf(b, n, fresh);
    }
  }
  return expected;
}

const shares = Array.from({ length: 21 }, (_, i) => i / 20);

test('whatever is true within “at most”, a block wins nothing on average', () => {
  for (const old of shares) {
    for (const less of shares) {
      const fresh = Math.max(0, Math.min(1, old + 0.01 - less));
      expect(expectedFactor(atMost, old, fresh)).toBeLessThanOrEqual(1 + 1e-6);
    }
  }
});

test('whatever is true within “at least”, a block wins nothing on average', () => {
  for (const old of shares.filter((share) => share <= 0.95)) {
    for (const more of shares) {
      const fresh = Math.min(1, old + 0.05 + more);
      expect(expectedFactor(atLeast, old, fresh)).toBeLessThanOrEqual(1 + 1e-6);
    }
  }
});

test('where the hypothesis is wrong, a block wins on average', () => {
  expect(expectedFactor(atMost, 0.02, 0.5)).toBeGreaterThan(2);
  expect(expectedFactor(atLeast, 0.02, 0.02)).toBeGreaterThan(1);
});

test('what is shown takes evidence of one over the chance', () => {
  const evidence: Evidence = { logs: [0], peak: Math.log(100) };
  expect(isShown(evidence, 0.01)).toBe(true);
  expect(isShown(evidence, 0.005)).toBe(false);
});
