import { expect, it } from 'vitest';
import { createEventRate } from './event-rate.ts';

it('allows a burst, then as many as the time allows', () => {
  let now = 0;
  const next = createEventRate(() => now);
  const many = (count: number) => Array.from({ length: count }, next);
  expect(many(30)).toEqual(Array(30).fill('allowed'));
  expect(next()).toBe('refused');
  now += 1_000;
  expect(many(11)).toEqual([...Array(10).fill('allowed'), 'refused']);
});

it('gives a socket up that talks on while it is refused', () => {
  const next = createEventRate(() => 0);
  const verdicts = Array.from({ length: 130 }, next);
  expect(verdicts.indexOf('hopeless')).toBe(129);
});
