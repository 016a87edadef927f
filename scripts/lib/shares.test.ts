import { expect, test } from 'vitest';
import { UsageError } from './failure.ts';
import { refuseUnknown, sharesFrom } from './shares.ts';

const living = { service: 'ui', open: ['v1', 'v2'], named: ['dev'], option: ' --stack x' };
const refusal = (...words: string[]): [string, string] => {
  try {
    sharesFrom(words, living);
  } catch (error) {
    if (error instanceof UsageError) return [error.message, error.next];
  }
  throw new Error(`${words.join(' ')} was taken`);
};

test('shares are versions with whole numbers that add up, and one version alone has all', () => {
  expect(sharesFrom(['v1=90', 'v2=10'], living)).toEqual([
    { version: 'v1', percent: 90 },
    { version: 'v2', percent: 10 },
  ]);
  expect(sharesFrom(['v2'], living)).toEqual([{ version: 'v2', percent: 100 }]);
});

test.each([
  [['v1=90', 'v2=20'], 'the shares add up to 110, not to 100', 'mf traffic ui v1=90 v2=10'],
  [['v1=50', 'v1=50'], 'a version has one share', 'mf traffic ui v1=90 v2=10'],
  [['v1=90', 'v2'], "'v2' is no share", 'mf traffic ui v1=90 v2=10'],
  [['v1=-5', 'v2=105'], "'v1=-5' is no share", 'mf traffic ui v1=90 v2=10'],
  [['v1=9.5', 'v2=90.5'], "'v1=9.5' is no share", 'mf traffic ui v1=90 v2=10'],
  [['v1=1=2'], "'v1=1=2' is no share", 'mf traffic ui v1=90 v2=10'],
  [['=100'], 'expected letters', 'mf traffic ui v1=90 v2=10'],
  [['v 2'], 'expected letters', 'mf traffic ui v1=90 v2=10'],
  [['v3'], 'no instance of v3 is alive (there are: v1, v2)', 'mf run ui v3 --stack x'],
  [['v2=100', 'v3=0'], 'no instance of v3 is alive', 'mf traffic ui --stack x'],
  [['dev'], 'dev of ui is only for who names it', 'mf traffic ui --me dev --stack x'],
])('%j is refused: %s', (words, why, next) => {
  const [message, command] = refusal(...words);
  expect(message).toContain(why);
  expect(command).toContain(next);
});

test('somebody may choose a version that is only for who names it, and none that is not there', () => {
  expect(() => refuseUnknown('dev', living)).not.toThrow();
  expect(() => refuseUnknown('v3', living)).toThrow('no instance of v3 is alive');
});
