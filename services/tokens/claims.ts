/**
 * What a token says, when it is new and when it is renewed. Pure but for the random ids: issue-token.ts
 * and renew-token.ts sign it, common/auth/claims.ts is how everybody reads it.
 *
 * A session is one sign-in and all renewals after it. Its id is the jti of its first token; revoking
 * names the session, so that no renewed copy of a token survives.
 */
import { randomUUID } from 'node:crypto';
import type { Claims } from '@microflack/common/auth/authenticator.ts';
import { tokenAudience, tokenIssuer } from '@microflack/common/auth/claims.ts';
import { unauthorized } from '@microflack/common/errors.ts';

const tokenLifeSeconds = 60 * 60;
/**
 * A token that has ended is still good for another one, and for nothing else, for a day: whose laptop has slept, or
 * whose clock was set, is not asked for the password in mid-sentence.
 */
export const renewableSeconds = 24 * 60 * 60;
/** After this the password is asked for again. */
const sessionLifeSeconds = 30 * 24 * 60 * 60;
/** A token is used at once on machines whose clocks may be behind ours. */
const clockSkewSeconds = 5;

export interface TokenPayload {
  iss: string;
  aud: string;
  sub: string;
  user_id: number;
  jti: string;
  sid: string;
  iat: number;
  nbf: number;
  exp: number;
  auth_time: number;
}

export function newSession(userId: number, nowSeconds: number): TokenPayload {
  const jti = randomUUID();
  return payload({ userId, jti, session: jti, authTime: nowSeconds, nowSeconds });
}

/** The session goes on under a new id of the token; throws 401 when it has gone on for long enough. */
export function renewed({ userId, session, authTime }: Claims, nowSeconds: number): TokenPayload {
  if (nowSeconds - authTime > sessionLifeSeconds) throw unauthorized('the session is too old');
  return payload({ userId, jti: randomUUID(), session, authTime, nowSeconds });
}

/** Until when a session revoked now has to be remembered: no token of it can be renewed later. */
export const forgetAt = (nowSeconds: number): number =>
  nowSeconds + tokenLifeSeconds + renewableSeconds + 2 * clockSkewSeconds;

interface Token {
  userId: number;
  jti: string;
  session: string;
  authTime: number;
  nowSeconds: number;
}

function payload({ userId, jti, session, authTime, nowSeconds }: Token): TokenPayload {
  return {
    iss: tokenIssuer,
    aud: tokenAudience,
    sub: String(userId),
    user_id: userId,
    jti,
    sid: session,
    iat: nowSeconds,
    nbf: nowSeconds - clockSkewSeconds,
    exp: nowSeconds + tokenLifeSeconds,
    auth_time: authTime,
  };
}
