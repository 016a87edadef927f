import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { describe, expect, it } from 'vitest';
import { newSession } from './claims.ts';
import { signingKeys } from './keys.ts';
import { createSigner } from './signer.ts';

const newKey = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ format: 'der', type: 'pkcs8' })
    .toString('base64');
const signerOf = (...keys: string[]) => createSigner(signingKeys.parse(keys.join(',')));
const now = Math.floor(Date.now() / 1000);

const [oldKey, newerKey] = [newKey(), newKey()];
const signer = signerOf(oldKey);
const [{ privateKey, publicKey, kid }] = signingKeys.parse(oldKey);
const refuses = (token: string) => expect(() => signer.check(token)).toThrow('authentication');

describe('a signer', () => {
  it('believes its own tokens', () => {
    expect(signer.check(signer.sign(newSession(7, now)))).toMatchObject({ userId: 7 });
  });

  it('signs with the first key and believes all of them, so that keys can be rotated', () => {
    const token = signer.sign(newSession(7, now));
    const appended = signerOf(oldKey, newerKey);
    const moved = signerOf(newerKey, oldKey);
    expect(moved.check(token)).toMatchObject({ userId: 7 });
    expect(appended.check(moved.sign(newSession(8, now)))).toMatchObject({ userId: 8 });
    expect(() => signerOf(newerKey).check(token)).toThrow('authentication required');
    expect(moved.publicKeys().map((key) => key.kid)).toContain(kid);
  });

  it('refuses a token of another key, whatever key it names', () => {
    const { privateKey: strangers } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    refuses(jwt.sign(newSession(7, now), strangers, { algorithm: 'ES256', keyid: kid }));
  });

  it('refuses what is signed with the public key as a secret, or not at all', () => {
    const secret = createSecretKey(publicKey.export({ format: 'der', type: 'spki' }));
    refuses(jwt.sign(newSession(7, now), secret, { algorithm: 'HS256', keyid: kid }));
    refuses(jwt.sign(newSession(7, now), null, { algorithm: 'none', keyid: kid }));
  });

  it.each([
    ['that has ended', { exp: now - 1 }],
    ['that is not valid yet', { nbf: now + 60 }],
    ['of another issuer', { iss: 'somebody' }],
    ['for another audience', { aud: 'something' }],
    ['of two people', { sub: '8' }],
    ['without a session', { sid: undefined }],
  ])('refuses a token %s', (_, change) => {
    const payload = JSON.parse(JSON.stringify({ ...newSession(7, now), ...change }));
    refuses(jwt.sign(payload, privateKey, { algorithm: 'ES256', keyid: kid }));
  });

  it('believes for a renewal what has ended within the tolerance, or has not begun', () => {
    const token = (begun: number) => signer.sign(newSession(7, begun));
    const hour = 3_600;
    for (const begun of [now - 2 * hour, now + hour]) {
      refuses(token(begun));
      expect(signer.check(token(begun), 2 * hour)).toMatchObject({ userId: 7 });
    }
    expect(() => signer.check(token(now - 4 * hour), 2 * hour)).toThrow('authentication');
  });

  it.each(['', 'x', 'a.b.c', '../../etc/passwd', 'x'.repeat(5_000)])('refuses %j', refuses);
});
