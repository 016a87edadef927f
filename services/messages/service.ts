/**
 * The messages service: what was said, in which order, and what became of it. main.ts runs it, tests start it.
 */
import { createPool } from '@microflack/common/db/pool.ts';
import { createPublisher } from '@microflack/common/events/publish.ts';
import type { ServiceDefinition } from '@microflack/common/service.ts';
import { createBeacon } from './beacon.ts';
import { type MessagesSettings, settings } from './config.ts';
import { createLinkExpander } from './expand-links.ts';
import { resolveHost } from './links/resolve.ts';
import { createMessageLists } from './list-messages.ts';
import { createPostMessage } from './post-message.ts';
import { routes } from './routes.ts';
import { listRooms } from './store/reads.ts';

export const messages: ServiceDefinition<MessagesSettings> = {
  name: 'messages',
  settings,
  registration: { route: '/api/messages', balance: 'leastconn' },

  async start({ app, auth, log, settings, signal }) {
    const pool = createPool(settings.mysqlUrl);
    const publisher = createPublisher(settings.redisUrl, log, { stream: settings.eventsStream });
    const guard = { resolve: resolveHost, exempt: settings.linksExempt };
    const expander = createLinkExpander({ pool, publisher, guard, log });
    const beacon = createBeacon({ listRooms: () => listRooms(pool), publisher, log });
    const postMessage = createPostMessage({ pool, publisher, expander });
    const lists = createMessageLists(pool);
    routes(app, { pool, publisher, expander, postMessage, lists, auth: await auth() });
    const loops = Promise.all([
      beacon.runUntil(signal, settings.beaconIntervalMs),
      expander.sweepUntil(signal, settings.linksSweepIntervalMs),
    ]);

    return {
      drain: () => expander.finish(),
      async stop() {
        await loops;
        await Promise.all([publisher.close(), pool.end()]);
      },
    };
  },
};
