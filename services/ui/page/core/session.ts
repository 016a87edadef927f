/**
 * What the page reads from a token, and when it renews it: pure. Used by the session keeper.
 * Refuses to judge a token: only the services verify it; here it is read for whose it is and how long it lives.
 */
import * as z from 'zod/mini';

const claimsModel = z.object({
  user_id: z.int(),
  sid: z.string(),
  iat: z.number(),
  exp: z.number(),
});

export const sessionModel = z.object({
  token: z.string(),
  userId: z.int(),
  /** The sign-in that this token and its renewals belong to. */
  sid: z.string(),
  /** By this machine's clock, in milliseconds; a lifetime is counted from it, as the server's clock may differ. */
  receivedAt: z.number(),
  lifetimeMs: z.number(),
});
export type Session = z.infer<typeof sessionModel>;

/** The share of a token's life after which it is renewed: early enough for many retries. */
const renewalShare = 0.8;

export function sessionFrom(token: string, now: number): Session | undefined {
  const claims = claimsModel.safeParse(payloadOf(token));
  if (!claims.success) return undefined;
  const { user_id, sid, iat, exp } = claims.data;
  return { token, userId: user_id, sid, receivedAt: now, lifetimeMs: (exp - iat) * 1000 };
}

export function renewalTime(session: Session): number {
  return session.receivedAt + session.lifetimeMs * renewalShare;
}

function payloadOf(token: string): unknown {
  const [, payload = ''] = token.split('.');
  try {
    const bytes = atob(payload.replaceAll('-', '+').replaceAll('_', '/'));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(bytes, (c) => c.charCodeAt(0))));
  } catch {
    return undefined; // Not a token at all; the caller says so.
  }
}
