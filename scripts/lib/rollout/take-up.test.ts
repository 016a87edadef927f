import { expect, test } from 'vitest';
import { type Asked, takeUp } from './take-up.ts';
import { anUpgrade } from './testing/world.ts';
import { turnBack } from './transitions.ts';

const ask = (verb: Asked['verb'], more: Partial<Asked> = {}): Asked => {
  return { verb, service: 'notes', version: undefined, resume: false, ...more };
};
const tried = anUpgrade({ phase: { name: 'trying' } });
const cutOff = anUpgrade({ doing: 'stopping notes-2' });

test('where nothing is under way something new may begin', () => {
  expect(takeUp(undefined, ask('roll'), '')).toBeUndefined();
});

test('there must be something to abort or to resume', () => {
  for (const asked of [ask('abort'), ask('roll', { resume: true })]) {
    expect(() => takeUp(undefined, asked, '')).toThrow('no upgrade of notes is under way');
  }
});

test('a roll goes on with a try, of the same version', () => {
  expect(takeUp(tried, ask('roll'), '')?.phase.name).toBe('rolling');
  expect(takeUp(tried, ask('roll', { version: 'v2' }), '')?.phase.name).toBe('rolling');
  expect(() => takeUp(tried, ask('roll', { version: 'v3' }), '')).toThrow('tries v2 since');
});

test('what was cut off is refused to everybody who does not say resume or abort', () => {
  for (const asked of [ask('roll'), ask('try', { version: 'v2' }), ask('canary')]) {
    expect(() => takeUp(cutOff, asked, ' --stack s')).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(
          /^ada@host is upgrading it to v2 since .* stopping notes-2$/,
        ),
        next: 'mf upgrade roll notes --resume --stack s · mf upgrade abort notes --stack s',
      }),
    );
  }
  expect(takeUp(cutOff, ask('roll', { resume: true }), '')).toBe(cutOff);
});

test('an abort turns an upgrade round, once', () => {
  const back = takeUp(cutOff, ask('abort'), '');
  expect(back?.phase).toEqual({ name: 'returning', why: 'it was aborted' });
  const failed = turnBack(cutOff, 'not ready', 'notes-3-1');
  expect(takeUp(failed, ask('abort'), '')).toBe(failed);
});

test('what has begun to take something away is not aborted any more', () => {
  const begun = anUpgrade({ contraction: 'begun' });
  expect(() => takeUp(begun, ask('abort'), '')).toThrow('there is no way back');
});
