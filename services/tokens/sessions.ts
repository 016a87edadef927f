/**
 * PUT and DELETE /api/tokens: a session goes on under a new token, or ends.
 *
 * Both ask the store whether the session was revoked: the other services may be a moment behind, but
 * here a revoked session must never get a new token.
 */
import type { Claims } from '@microflack/common/auth/authenticator.ts';
import { unauthorized } from '@microflack/common/errors.ts';
import type { Publisher } from '@microflack/common/events/publish.ts';
import { forgetAt, renewableSeconds, renewed } from './claims.ts';
import type { Signer } from './signer.ts';
import type { RevocationStore } from './store.ts';

export interface SessionTools {
  signer: Signer;
  store: RevocationStore;
  publisher: Publisher;
}

const nowSeconds = (): number => Math.floor(Date.now() / 1000);

export async function renewToken(tools: SessionTools, token: string): Promise<string> {
  return tools.signer.sign(renewed(await checkSession(tools, token), nowSeconds()));
}

/** Ends the session of a token, with all tokens that were renewed from it. */
export async function revokeToken(tools: SessionTools, token: string): Promise<void> {
  const { session } = await checkSession(tools, token);
  const expires_at = forgetAt(nowSeconds());
  await tools.store.revoke(session, expires_at);
  await tools.publisher.publish([{ type: 'token.revoked', session, expires_at }]);
}

/**
 * First the signature: nothing that a stranger made up is looked up. A token that can still be renewed can still be
 * signed out.
 */
async function checkSession({ signer, store }: SessionTools, token: string): Promise<Claims> {
  const claims = signer.check(token, renewableSeconds);
  if (await store.isRevoked(claims.session)) throw unauthorized('revoked');
  return claims;
}
