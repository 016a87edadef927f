/** A service that does as little as a service can, for the balancer to find; and what it does wrong on demand. */
import { type BaseSettings, defineSettings } from '@microflack/common/config.ts';
import type { Registration } from '@microflack/common/registry/instances.ts';
import type { ServiceDefinition } from '@microflack/common/service.ts';

/**
 * Answers everything with its instance's id and the request's headers.
 * ?cookie=C sets the cookie io; ?fail answers 500; ?drop=ID breaks the connection off, at that instance;
 * ?page calls it a page.
 */
export function fixture(name: string, registration: Registration): ServiceDefinition<BaseSettings> {
  return {
    name,
    settings: defineSettings({}),
    registration,
    async start({ app, instance }) {
      app.use((request, response) => {
        const { cookie, fail, drop, page } = request.query;
        if (drop === instance) {
          request.socket.destroy();
          return;
        }
        if (cookie) response.cookie('io', String(cookie));
        response.status(fail === undefined ? 200 : 500);
        if (page !== undefined) response.type('html');
        response.json({ instance, headers: request.headers });
      });
      return {};
    },
  };
}
