import { expect, test } from 'vitest';
import { wishFrom } from './baggage.ts';

test('the edge says whose bucket it is, and which version they have chosen', () => {
  expect(wishFrom('mf-cohort=7')).toEqual({ cohort: 7 });
  expect(wishFrom('mf-cohort=0, mf-me=messages:v2')).toEqual({
    cohort: 0,
    me: { service: 'messages', version: 'v2' },
  });
});

test.each([undefined, '', 'mf-cohort=100', 'mf-cohort=-1', 'mf-cohort=x', 'mf-me=messages', 'a,b'])(
  '%s says nothing',
  (baggage) => expect(wishFrom(baggage)).toEqual({}),
);
