/** Keys and revocations as the tokens service publishes them to the other services. */
import { unavailable } from '../errors.ts';
import type { ServiceClient } from '../http/client.ts';
import { parseKeys } from './keys.ts';
import { revokedPage } from './revocations.ts';
import type { TokenSource } from './synced-authenticator.ts';

const timeoutMs = 2_000;

export function createRemoteSource(client: ServiceClient): TokenSource {
  const get = async (path: string): Promise<unknown> => {
    const call = { service: 'tokens', method: 'GET', path, internal: true, timeoutMs } as const;
    const { status, body } = await client.request(call);
    if (status === 200) return body;
    throw unavailable('upstream_failed', `expected 200 of tokens' ${path}, got ${status}`);
  };
  return {
    keys: async () => parseKeys(await get('/internal/tokens/keys')),
    revoked: async (after) =>
      revokedPage.parse(await get(`/internal/tokens/revoked?after=${after}`)),
  };
}
