/** Tokens and a tokens service without a process, for tests of whoever verifies them. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { tokenAlgorithm, tokenAudience, tokenIssuer } from '../auth/claims.ts';
import type { TokenSource } from '../auth/synced-authenticator.ts';

export interface TestTokens {
  source: TokenSource & { fail: boolean; asked: { keys: number; revoked: number } };
  /** Signed as the tokens service signs; `changes` replaces claims, undefined removes one. */
  sign(changes?: Record<string, unknown>, options?: jwt.SignOptions): string;
  revoke(session: string): void;
  /** A new signing key; the one before still verifies. */
  rotate(): void;
}

export function testTokens(): TestTokens {
  const keys = new Map<string, KeyObject>();
  const revoked: { session: string; expires_at: number }[] = [];
  let signing: { kid: string; privateKey: KeyObject } | undefined;

  const rotate = () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const kid = `key-${keys.size + 1}`;
    keys.set(kid, publicKey);
    signing = { kid, privateKey };
  };
  rotate();

  const source: TestTokens['source'] = {
    fail: false,
    asked: { keys: 0, revoked: 0 },
    async keys() {
      source.asked.keys += 1;
      if (source.fail) throw new Error('the tokens service is away');
      return new Map(keys);
    },
    async revoked(after) {
      source.asked.revoked += 1;
      if (source.fail) throw new Error('the tokens service is away');
      return { change: revoked.length, sessions: revoked.slice(after) };
    },
  };

  return {
    source,
    rotate,
    revoke(session) {
      revoked.push({ session, expires_at: now() + 3_600 });
    },
    sign(changes = {}, options = {}) {
      if (!signing) throw new Error('expected a signing key');
      const all = { ...claims(), ...changes };
      const payload = Object.fromEntries(
        Object.entries(all).filter(([, value]) => value !== undefined),
      );
      const header = { algorithm: tokenAlgorithm, keyid: signing.kid, ...options } as const;
      return jwt.sign(payload, signing.privateKey, header);
    },
  };
}

const now = (): number => Math.floor(Date.now() / 1_000);

const claims = () => ({
  iss: tokenIssuer,
  aud: tokenAudience,
  sub: '7',
  user_id: 7,
  jti: 'token-1',
  sid: 'session-1',
  iat: now(),
  nbf: now(),
  exp: now() + 3_600,
  auth_time: now(),
});
