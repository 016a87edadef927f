/**
 * The Authenticator that kit.auth() hands out: the tokens service's keys and revocations by calls,
 * and the event of a revocation as the quicker way.
 */
import { streamOf } from '../events/events.ts';
import { subscribe } from '../events/subscribe.ts';
import type { ServiceClient } from '../http/client.ts';
import type { Logger } from '../log.ts';
import type { Authenticator } from './authenticator.ts';
import { createRemoteSource } from './remote-source.ts';
import { createSyncedAuthenticator } from './synced-authenticator.ts';

export interface ConnectOptions {
  client: ServiceClient;
  redisUrl: string | undefined;
  stream: string;
  log: Logger;
  signal: AbortSignal;
}

export async function connectAuthenticator(options: ConnectOptions): Promise<Authenticator> {
  const { client, redisUrl, stream, log, signal } = options;
  const source = createRemoteSource(client);
  const auth = await createSyncedAuthenticator({ source, log, signal });
  if (redisUrl) {
    const subscription = subscribe(redisUrl, {
      stream: streamOf(stream, 'token.revoked'),
      log,
      onEvent(event) {
        if (event.type === 'token.revoked') auth.learnRevoked(event.session, event.expires_at);
      },
    });
    signal.addEventListener('abort', () => void subscription.close(), { once: true });
  }
  return auth;
}
