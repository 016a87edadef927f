/**
 * What a token says, and whether to believe it. Pure but for the clock: keys and token in, claims
 * out.
 *
 * The algorithm, the issuer and the audience are ours and fixed; the header of a token may name a
 * key, and nothing else. The tokens service signs with the same constants.
 */
import type { KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import { unauthorized } from '../errors.ts';
import type { Claims } from './authenticator.ts';

export const tokenAlgorithm = 'ES256';
export const tokenIssuer = 'microflack/tokens';
export const tokenAudience = 'microflack';

/** A token is a few hundred bytes; nothing longer is worth a signature check. */
const maxTokenLength = 2_048;

const payload = z
  .object({
    sub: z.string(),
    user_id: z.number().int().positive(),
    jti: z.string().min(1),
    sid: z.string().min(1),
    exp: z.number(),
    nbf: z.number(),
    auth_time: z.number(),
  })
  .refine(({ sub, user_id }) => sub === String(user_id));

/** The id of the key that a token claims to be signed with; nothing of it is believed yet. */
export function keyIdOf(token: string): string | undefined {
  if (token.length > maxTokenLength) return undefined;
  return jwt.decode(token, { complete: true })?.header.kid;
}

/**
 * The claims of a token that is genuine, ours, and valid now (or was, or will be, within
 * `toleranceSeconds`); throws unauthorized() for any other.
 */
export function checkToken(token: string, key: KeyObject, toleranceSeconds = 0): Claims {
  try {
    const verified = jwt.verify(token, key, {
      algorithms: [tokenAlgorithm],
      issuer: tokenIssuer,
      audience: tokenAudience,
      clockTolerance: toleranceSeconds,
    });
    const { user_id, sid, jti, exp, auth_time } = payload.parse(verified);
    return { userId: user_id, session: sid, jti, expiresAt: exp, authTime: auth_time };
  } catch (error) {
    throw unauthorized(error);
  }
}
