/**
 * The public keys that tokens are checked with, by key id, as the tokens service publishes them
 * (JWKS).
 *
 * Only P-256 keys for ES256 are taken; whatever else stands in the document is left alone.
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { tokenAlgorithm } from './claims.ts';

const jwk = z.object({
  kid: z.string().min(1),
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
  alg: z.literal(tokenAlgorithm).optional(),
});

const jwks = z.object({ keys: z.array(z.unknown()) });

export function parseKeys(document: unknown): Map<string, KeyObject> {
  const keys = new Map<string, KeyObject>();
  for (const candidate of jwks.parse(document).keys) {
    const { data } = jwk.safeParse(candidate);
    if (data) keys.set(data.kid, createPublicKey({ key: { ...data }, format: 'jwk' }));
  }
  return keys;
}
