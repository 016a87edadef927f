/**
 * The popularity service: who says most. main.ts runs it, tests start it.
 *
 * `mf up` does not start it: it is the service that nobody knew until somebody runs it. What it
 * counts it has learnt from the messages service; it never reads another service's tables.
 */
import { createPool } from '@microflack/common/db/pool.ts';
import type { ServiceDefinition } from '@microflack/common/service.ts';
import { type PopularitySettings, settings } from './config.ts';
import { followMessages } from './follow-messages.ts';
import { createNames } from './names.ts';
import { routes } from './routes.ts';
import { createStore } from './store.ts';

export const popularity: ServiceDefinition<PopularitySettings> = {
  name: 'popularity',
  settings,
  // In turn: with one slow instance among four, every fourth answer is slow.
  registration: { route: '/api/popularity', balance: 'roundrobin' },

  async start({ app, client, instance, log, settings, signal }) {
    const pool = createPool(settings.mysqlUrl);
    const store = createStore(pool);
    const { version } = settings;
    routes(app, { store, names: createNames(client, log), instance, version });
    const followed = followMessages({ client, store, settings, log, signal });

    return {
      async stop() {
        await followed;
        await pool.end();
      },
    };
  },
};
