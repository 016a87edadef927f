/**
 * The tokens service: signs tokens, renews them, ends sessions. main.ts runs it, tests start it.
 *
 * It is the only one with the private keys. It asks no authenticator: it is what they ask.
 */
import { createPool } from '@microflack/common/db/pool.ts';
import { createPublisher } from '@microflack/common/events/publish.ts';
import type { Logger } from '@microflack/common/log.ts';
import { pause } from '@microflack/common/pause.ts';
import type { ServiceDefinition } from '@microflack/common/service.ts';
import { settings, type TokensSettings } from './config.ts';
import { routes } from './routes.ts';
import { createSigner } from './signer.ts';
import { createRevocationStore, type RevocationStore } from './store.ts';

export const tokens: ServiceDefinition<TokensSettings> = {
  name: 'tokens',
  settings,
  registration: { route: '/api/tokens', balance: 'leastconn' },

  async start({ app, client, log, settings, signal }) {
    const { mysqlUrl, redisUrl, eventsStream, internalKey, signInTimeoutMs } = settings;
    const pool = createPool(mysqlUrl);
    const publisher = createPublisher(redisUrl, log, { stream: eventsStream });
    const store = createRevocationStore(pool);
    const signer = createSigner(settings.tokenSigningKeys);
    routes(app, { store, signer, publisher, client, internalKey, signInTimeoutMs });
    const purged = purgeUntil(signal, { store, log, intervalMs: settings.purgeIntervalMs });

    return {
      async stop() {
        await purged;
        await Promise.all([publisher.close(), pool.end()]);
      },
    };
  },
};

/** Every instance does this; one that finds nothing to forget has cost one look at an index. */
async function purgeUntil(
  signal: AbortSignal,
  { store, log, intervalMs }: { store: RevocationStore; log: Logger; intervalMs: number },
): Promise<void> {
  while (!signal.aborted) {
    try {
      await store.purge(Math.floor(Date.now() / 1000));
    } catch (error) {
      log.warn({ event: 'tokens.unpurged', err: error }, 'ended revocations were not purged');
    }
    await pause(intervalMs, signal);
  }
}
