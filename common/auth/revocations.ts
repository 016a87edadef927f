/**
 * The sessions that were revoked and could still be valid otherwise: a set that forgets by itself.
 *
 * Told by events (at once) and by the catch-up (always); being told twice changes nothing.
 */
import { z } from 'zod';

/**
 * The answer of GET /internal/tokens/revoked?after=N: what was revoked after N, and the number to
 * ask by next.
 */
export const revokedPage = z.object({
  change: z.number().int().nonnegative(),
  sessions: z.array(z.object({ session: z.string(), expires_at: z.number() })),
  /** There is more to fetch at once. */
  more: z.boolean().optional(),
});

export type RevokedPage = z.infer<typeof revokedPage>;

export interface Revocations {
  /** Tells the listeners unless it was known. */
  add(session: string, expiresAt: number): void;
  has(session: string): boolean;
  onRevoked(listener: (session: string) => void): void;
}

/** How many more come in before the ended ones are looked for. */
const sweepEvery = 1_000;

export function createRevocations(nowSeconds = () => Date.now() / 1000): Revocations {
  const expiry = new Map<string, number>();
  const listeners: ((session: string) => void)[] = [];
  let sinceSweep = 0;

  const sweep = () => {
    for (const [session, expiresAt] of expiry) {
      if (expiresAt < nowSeconds()) expiry.delete(session);
    }
    sinceSweep = 0;
  };

  return {
    add(session, expiresAt) {
      if (expiry.has(session)) return;
      expiry.set(session, expiresAt);
      sinceSweep += 1;
      if (sinceSweep >= sweepEvery) sweep();
      for (const listener of listeners) listener(session);
    },
    has: (session) => expiry.has(session),
    onRevoked(listener) {
      listeners.push(listener);
    },
  };
}
