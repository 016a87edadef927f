/**
 * The users service: people, their passwords, and who is here. main.ts runs it, tests start it.
 */
import { createPool } from '@microflack/common/db/pool.ts';
import { createPublisher } from '@microflack/common/events/publish.ts';
import { workerPath } from '@microflack/common/release-paths.ts';
import type { ServiceDefinition } from '@microflack/common/service.ts';
import { settings, type UsersSettings } from './config.ts';
import { createCountStore } from './count-store.ts';
import { createLimits } from './limits.ts';
import { createPasswords } from './passwords.ts';
import { createPresenceStore } from './presence-store.ts';
import { routes } from './routes.ts';
import { createUserStore } from './store.ts';
import { trackPresence } from './track-presence.ts';

export const users: ServiceDefinition<UsersSettings> = {
  name: 'users',
  settings,
  registration: { route: '/api/users', balance: 'leastconn' },

  async start({ app, auth, log, settings, signal }) {
    const { mysqlUrl, redisUrl, eventsStream, internalKey, hashWorkers, hashQueue } = settings;
    const pool = createPool(mysqlUrl);
    const counts = createCountStore(redisUrl, log);
    const publisher = createPublisher(redisUrl, log, { stream: eventsStream });
    const passwords = createPasswords({
      script: workerPath(import.meta, 'hash'),
      workers: hashWorkers,
      queueLimit: hashQueue,
    });
    const store = createUserStore(pool, Date.now);
    const presenceStore = createPresenceStore(pool, Date.now);
    const presence = trackPresence({ presenceStore, publisher, log }, settings);
    const limits = createLimits(counts.makeCounter, settings);
    const tools = { store, passwords, limits, publisher, presence, internalKey };
    routes(app, { ...tools, auth: await auth() });
    const swept = presence.sweepUntil(signal);

    return {
      async stop() {
        await swept;
        await Promise.all([passwords.stop(), counts.stop(), publisher.close(), pool.end()]);
      },
    };
  },
};
