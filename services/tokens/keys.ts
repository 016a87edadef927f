/**
 * The keys that sign tokens: read from the settings, named by their thumbprint, shown as JWKS.
 *
 * The first of the list signs and all of them verify. So a key is rotated in three steps, each a
 * restart: append the new key, so that everybody learns it; move it to the front; an hour later,
 * when the last token of the old key has ended, take the old one away.
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';

export interface SigningKey {
  /** RFC 7638 thumbprint: the same key has the same name on every instance, and nobody assigns names. */
  kid: string;
  privateKey: KeyObject;
  publicKey: KeyObject;
  /** What is shown to the other services; never the private part. */
  jwk: PublicJwk;
}

export interface PublicJwk {
  kty: string;
  crv: string;
  x: string;
  y: string;
  kid: string;
  alg: 'ES256';
  use: 'sig';
}

/** TOKEN_SIGNING_KEYS: a comma list of base64 PKCS8 DER, EC P-256. What is wrong is named without the key. */
export const signingKeys = z
  .string()
  .min(1)
  .transform((list, context): [SigningKey, ...SigningKey[]] => {
    const keys = list.split(',').map((text) => readKey(text.trim()));
    const wrong = keys.indexOf(undefined);
    const [first, ...others] = keys.filter((key) => key !== undefined);
    if (wrong < 0 && first) return [first, ...others];
    const message = `key ${wrong + 1}: expected base64 of a PKCS8 private key on the curve P-256`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });

export type SigningKeys = z.output<typeof signingKeys>;

const curvePoint = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
});

function readKey(text: string): SigningKey | undefined {
  try {
    const der = Buffer.from(text, 'base64');
    const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const publicKey = createPublicKey(privateKey);
    const point = curvePoint.safeParse(publicKey.export({ format: 'jwk' }));
    if (!point.success) return undefined;
    const kid = thumbprint(point.data);
    return { kid, privateKey, publicKey, jwk: { ...point.data, kid, alg: 'ES256', use: 'sig' } };
  } catch {
    // OpenSSL's reasons are many and say nothing that "expected a P-256 key" does not.
    return undefined;
  }
}

/** RFC 7638: the required members alone, in the order of the alphabet, without spaces. */
function thumbprint({ crv, kty, x, y }: z.output<typeof curvePoint>): string {
  const text = JSON.stringify({ crv, kty, x, y });
  return createHash('sha256').update(text).digest('base64url');
}
