import { describe, expect, it } from 'vitest';
import { forgetAt, newSession, renewableSeconds, renewed, type TokenPayload } from './claims.ts';

const now = 1_800_000_000;
const day = 24 * 60 * 60;

const claimsOf = ({ user_id, sid, jti, exp, auth_time }: TokenPayload) => ({
  userId: user_id,
  session: sid,
  jti,
  expiresAt: exp,
  authTime: auth_time,
});

describe('a new session', () => {
  it('has a token for one hour, of this person and from now on', () => {
    const payload = newSession(7, now);
    expect(payload).toMatchObject({ sub: '7', user_id: 7, iat: now, exp: now + 3_600 });
    expect(payload).toMatchObject({ auth_time: now, iss: 'microflack/tokens', aud: 'microflack' });
    expect(payload.nbf).toBeLessThanOrEqual(now);
    expect(payload.sid).toBe(payload.jti);
  });

  it('is not the one of a sign-in within the same second', () => {
    expect(newSession(7, now).jti).not.toBe(newSession(7, now).jti);
  });
});

describe('a renewed token', () => {
  it('is another token of the same session, and does not make the sign-in younger', () => {
    const first = newSession(7, now);
    const second = renewed(claimsOf(first), now + 3_000);
    expect(second).toMatchObject({ sid: first.sid, auth_time: now, exp: now + 3_000 + 3_600 });
    expect(second.jti).not.toBe(first.jti);
    const third = renewed(claimsOf(second), now + 6_000);
    expect(third).toMatchObject({ sid: first.sid, auth_time: now });
  });

  it('is given for thirty days after the password', () => {
    const claims = claimsOf(newSession(7, now));
    expect(renewed(claims, now + 30 * day).sid).toBe(claims.session);
    expect(() => renewed(claims, now + 30 * day + 1)).toThrow('authentication required');
  });
});

it('a revoked session is remembered for longer than its youngest token can be renewed', () => {
  expect(forgetAt(now)).toBeGreaterThan(newSession(7, now).exp + renewableSeconds);
});
