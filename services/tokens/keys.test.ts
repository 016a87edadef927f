import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { signingKeys } from './keys.ts';

const newKey = (namedCurve = 'P-256'): { text: string; publicKey: KeyObject } => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  return { text: der.toString('base64'), publicKey };
};

describe('the signing keys', () => {
  it('are read in order, each named by its thumbprint (RFC 7638)', () => {
    const [first, second] = [newKey(), newKey()];
    const keys = signingKeys.parse(`${first.text}, ${second.text}`);
    const { crv, kty, x, y } = first.publicKey.export({ format: 'jwk' });
    const members = `{"crv":"${crv}","kty":"${kty}","x":"${x}","y":"${y}"}`;
    expect(keys.map(({ kid }) => kid)).toHaveLength(2);
    expect(keys[0].kid).toBe(createHash('sha256').update(members).digest('base64url'));
  });

  it('are shown without their private part', () => {
    const { text, publicKey } = newKey();
    const [{ jwk, kid }] = signingKeys.parse(text);
    expect(Object.keys(jwk).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    expect(jwk).toMatchObject({ kid, alg: 'ES256', use: 'sig' });
    const shown = createPublicKey({ key: { ...jwk }, format: 'jwk' });
    expect(shown.equals(publicKey)).toBe(true);
  });

  it.each([
    ['nothing', ''],
    ['text that is no key', 'aGVsbG8='],
    ['another curve', newKey('P-384').text],
    ['another kind of key', ed25519()],
    ['one good and one empty', `${newKey().text},`],
  ])('are refused when they are %s, without repeating them', (_, text) => {
    const result = signingKeys.safeParse(text);
    expect(result.success).toBe(false);
    if (text !== '') expect(JSON.stringify(result.error?.issues)).not.toContain(text);
  });
});

function ed25519(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  return privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
}
