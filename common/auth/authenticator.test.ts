import { expect, test } from 'vitest';
import { bearerOf } from './authenticator.ts';
import { parseKeys } from './keys.ts';
import { createRevocations } from './revocations.ts';

test.for([
  [undefined, undefined],
  ['Basic Zm94OmJsdWU=', undefined],
  ['Bearerless', undefined],
  ['Bearer abc.def.ghi', 'abc.def.ghi'],
  ['bearer  abc', 'abc'],
  ['Bearer', ''],
  ['Bearer two words', ''],
] as const)('the header %o carries the token %o', ([header, token]) => {
  expect(bearerOf(header)).toBe(token);
});

test('of a key document only P-256 keys are taken', () => {
  const p256 = {
    kty: 'EC',
    crv: 'P-256',
    kid: 'ours',
    x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
    y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
  };
  const symmetric = { kty: 'oct', kid: 'theirs', k: 'c2VjcmV0' };
  expect([...parseKeys({ keys: [symmetric, p256, 7] }).keys()]).toEqual(['ours']);
});

test('revocations that have run out are forgotten in time', () => {
  let now = 0;
  const revocations = createRevocations(() => now);
  revocations.add('old', 10);
  now = 20;
  for (let index = 0; index < 1_000; index += 1) revocations.add(`new-${index}`, 100);
  expect(revocations.has('old')).toBe(false);
  expect(revocations.has('new-0')).toBe(true);
});
