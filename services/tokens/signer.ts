/** Signs and checks tokens with the service's own keys. Whether a session was revoked is the store's business. */
import type { Claims } from '@microflack/common/auth/authenticator.ts';
import { checkToken, keyIdOf, tokenAlgorithm } from '@microflack/common/auth/claims.ts';
import { unauthorized } from '@microflack/common/errors.ts';
import jwt from 'jsonwebtoken';
import type { TokenPayload } from './claims.ts';
import type { PublicJwk, SigningKeys } from './keys.ts';

export interface Signer {
  sign(payload: TokenPayload): string;
  /** Throws 401 for whatever is not a token of ours, valid now or within the tolerance from now. */
  check(token: string, toleranceSeconds?: number): Claims;
  /** For the other services (JWKS). */
  publicKeys(): PublicJwk[];
}

export function createSigner(keys: SigningKeys): Signer {
  const [{ privateKey, kid }] = keys;
  const publicKeys = new Map(keys.map((key) => [key.kid, key.publicKey]));
  return {
    sign: (payload) => jwt.sign(payload, privateKey, { algorithm: tokenAlgorithm, keyid: kid }),
    check(token, toleranceSeconds) {
      const key = publicKeys.get(keyIdOf(token) ?? '');
      if (!key) throw unauthorized('unknown key id');
      return checkToken(token, key, toleranceSeconds);
    },
    publicKeys: () => keys.map(({ jwk }) => jwk),
  };
}
