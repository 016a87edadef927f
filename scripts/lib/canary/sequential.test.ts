import { expect, test } from 'vitest';
import {
  observe,
  type Sample,
  type State,
  start,
  type VersionSample,
  verdictOf,
} from './sequential.ts';

const boundsSeconds = [0.02, 0.03, 0.045, 0.0675];

/** A second of one version: `slow` of its requests were in the last bucket but one, the others in the second. */
function second(requests: number, { errors = 0, slow = 0 } = {}): VersionSample {
  return { requests, errors, latency: [0, requests - slow, 0, slow, 0] };
}

function after(seconds: number, sample: Sample, from: State = start({ boundsSeconds })): State {
  let state = from;
  for (let i = 0; i < seconds; i += 1) state = observe(state, sample);
  return state;
}

test('at first there is not enough evidence', () => {
  expect(verdictOf(start({ boundsSeconds }))).toBe('not enough evidence');
});

test('a version that answers like the old one is not worse after a while', () => {
  const sample = { old: second(40), new: second(10) };
  expect(verdictOf(after(3, sample))).toBe('not enough evidence');
  expect(verdictOf(after(30, sample))).toBe('not worse');
});

test('a version that fails is worse, however fast it does that', () => {
  const sample = { old: second(40), new: second(10, { errors: 5 }) };
  expect(verdictOf(after(3, sample))).toBe('worse');
});

test('a version that is slow is worse when it had time to warm up', () => {
  const sample = { old: second(40), new: second(10, { slow: 9 }) };
  expect(verdictOf(after(2, sample))).toBe('not enough evidence');
  expect(verdictOf(after(10, sample))).toBe('worse');
});

test('errors that both versions have say nothing against the new one', () => {
  const sample = { old: second(40, { errors: 20 }), new: second(40, { errors: 20 }) };
  expect(verdictOf(after(300, sample))).not.toBe('worse');
});

test('a bad minute that hits both versions alike is nobody’s fault', () => {
  const good = { old: second(40), new: second(10) };
  const bad = { old: second(40, { slow: 40 }), new: second(10, { slow: 10 }) };
  expect(verdictOf(after(20, bad, after(5, good)))).not.toBe('worse');
});

test('what was once shown stays shown, though the version recovers', () => {
  const failing = after(3, { old: second(40), new: second(10, { errors: 5 }) });
  expect(verdictOf(after(100, { old: second(40), new: second(10) }, failing))).toBe('worse');
});

test('requests of one version alone wait for those of the other, and are not forgotten', () => {
  const lonely = after(5, { old: second(0), new: second(10, { errors: 5 }) });
  expect(verdictOf(lonely)).toBe('not enough evidence');
  expect(verdictOf(observe(lonely, { old: second(200), new: second(0) }))).toBe('worse');
});

test('what is slower and still quicker than anybody notices is not worse', () => {
  const quick = start({ boundsSeconds: [0.002, 0.003, 0.0045, 0.00675, 0.01] });
  const sample = { old: second(40), new: second(10, { slow: 10 }) };
  expect(verdictOf(after(30, sample, quick))).toBe('not worse');
});

test('probes are weighed apart from what people ask for', () => {
  const people = { old: second(40), new: second(0) };
  const probes = { old: second(10, { errors: 9 }), new: second(10, { errors: 9 }) };
  let state = start({ boundsSeconds });
  for (let i = 0; i < 60; i += 1) state = observe(observe(state, people), probes, 'probes');
  expect(verdictOf(state)).not.toBe('worse');
});

test('where the buckets are too far apart to tell 1.5 times as slow, it is never called not worse', () => {
  const sample = { old: second(40), new: second(40) };
  const state = after(300, sample, start({ boundsSeconds: [0.002, 0.2, 2, 20] }));
  expect(verdictOf(state)).toBe('not enough evidence');
});
