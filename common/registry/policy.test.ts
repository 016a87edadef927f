import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  bucketCount,
  groupsFor,
  ownersOf,
  policySchema,
  type Share,
  type TrafficPolicy,
  versionOf,
  withShares,
} from './policy.ts';

const policy = (percents: Record<string, number>, sticky = false): TrafficPolicy => ({
  shares: Object.entries(percents).map(([version, percent]) => ({ version, percent })),
  sticky,
  since: '2026-11-21T12:00:00Z',
  by: 'somebody@here',
});

const instance = (version: string, meta: Record<string, string> = {}) => ({
  service: 'messages',
  version,
  meta,
});

/** Shares of up to five versions that add up. */
const anyPolicy = fc
  .array(fc.integer({ min: 0, max: bucketCount }), { minLength: 0, maxLength: 4 })
  .map((cuts) => [0, ...cuts.sort((a, b) => a - b), bucketCount])
  .chain((cuts) => {
    const percents = cuts.slice(1).map((cut, at) => cut - (cuts[at] ?? 0));
    return fc
      .shuffledSubarray(['v1', 'v2', 'v3', 'v4', 'v5'], { minLength: percents.length })
      .map((names) =>
        policy(Object.fromEntries(percents.map((percent, at) => [names[at] ?? '', percent]))),
      );
  });

const percentOf = ({ shares }: TrafficPolicy, wanted: string): number =>
  shares.find(({ version }) => version === wanted)?.percent ?? 0;

test('each version has as many buckets as its share, whatever was before', () => {
  fc.assert(
    fc.property(fc.array(anyPolicy, { minLength: 1, maxLength: 6 }), (history) => {
      let now: TrafficPolicy | undefined;
      for (const next of history) now = withShares(now, next);
      if (!now) throw new Error('no history');
      const owners = ownersOf(now);
      for (const { version, percent } of now.shares) {
        expect(owners.filter((owner) => owner === version)).toHaveLength(percent);
      }
      expect(policySchema.parse(now)).toEqual(now);
    }),
  );
});

test('nobody leaves a version whose share grows or stays, and as few as can be leave the others', () => {
  fc.assert(
    fc.property(fc.array(anyPolicy, { minLength: 2, maxLength: 6 }), (history) => {
      let before: TrafficPolicy | undefined;
      for (const next of history) {
        const after = withShares(before, next);
        const owners = ownersOf(after);
        for (const [bucket, owner] of before ? ownersOf(before).entries() : []) {
          if (!before || percentOf(after, owner) < percentOf(before, owner)) continue;
          expect(owners[bucket]).toBe(owner);
        }
        before = after;
      }
    }),
  );
});

test('two versions divide the buckets in the order in which they are named', () => {
  const first = withShares(undefined, policy({ v1: 90, v2: 10 }));
  expect(first.runs).toEqual(first.shares);
  const reversed = withShares(first, policy({ v2: 20, v1: 80 }));
  expect(reversed.runs).toEqual([
    { version: 'v1', percent: 80 },
    { version: 'v2', percent: 20 },
  ]);
});

test('the bucket of a version that is gone goes to the largest share that lives', () => {
  const shares = policy({ v1: 20, v2: 50, v3: 30 });
  expect(versionOf(shares, 99, new Set(['v1', 'v2', 'v3']))).toBe('v3');
  expect(versionOf(shares, 99, new Set(['v1', 'v2']))).toBe('v2');
  expect(versionOf(shares, 99, new Set(['v4']))).toBeUndefined();
});

test('without a policy everybody serves but those who are to be named', () => {
  const [a, b, named] = [instance('v1'), instance('v2'), instance('dev', { audience: 'named' })];
  expect(groupsFor([a, b, named], undefined, {})).toEqual([[a, b]]);
  expect(
    groupsFor([a, b, named], undefined, { me: { service: 'messages', version: 'dev' } }),
  ).toEqual([[named], [a, b]]);
});

test('a person keeps to their bucket, a request draws one, and a choice of one’s own wins', () => {
  const [old, young] = [instance('v1'), instance('v2')];
  const all = [old, young];
  const sticky = policy({ v1: 90, v2: 10 }, true);
  const ofCohort = (cohort: number) => groupsFor(all, sticky, { cohort })[0];
  expect(ofCohort(89)).toEqual([old]);
  expect(ofCohort(90)).toEqual([young]);
  const byRequest = policy({ v1: 90, v2: 10 });
  expect(groupsFor(all, byRequest, { cohort: 0 }, () => 0.95)[0]).toEqual([young]);
  const me = { service: 'messages', version: 'v2' };
  expect(groupsFor(all, sticky, { cohort: 0, me })[0]).toEqual([young]);
  expect(groupsFor(all, sticky, { cohort: 0, me: { ...me, service: 'users' } })[0]).toEqual([old]);
  expect(groupsFor(all, sticky, { cohort: 0, me: { ...me, version: 'gone' } })[0]).toEqual([old]);
});

test('a version without a share stands in only where nobody with one is there', () => {
  const [old, young] = [instance('v1'), instance('v2')];
  const all = policy({ v1: 100, v2: 0 });
  expect(groupsFor([old, young], all, {})).toEqual([[old], [old]]);
  expect(groupsFor([young], all, {})).toEqual([[], [young]]);
});

test.each<[string, Share[]]>([
  ['add up to 99', [{ version: 'v1', percent: 99 }]],
  [
    'a version has one share',
    [
      { version: 'v1', percent: 50 },
      { version: 'v1', percent: 50 },
    ],
  ],
  ['letters', [{ version: 'v 1', percent: 100 }]],
  [
    'int',
    [
      { version: 'v1', percent: 0.5 },
      { version: 'v2', percent: 99.5 },
    ],
  ],
])('shares are refused: %s', (why, shares) => {
  const result = policySchema.safeParse({ ...policy({ v1: 100 }), shares });
  expect(result.error?.message).toContain(why);
});
