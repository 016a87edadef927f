/**
 * A service that does as little as a service can, for tests of what a process does
 * (service.test.ts).
 */
import { z } from 'zod';
import { defineSettings } from '../config.ts';
import { methods } from '../http/server.ts';
import { runService } from '../service.ts';

await runService({
  name: 'fixture',
  settings: defineSettings({ STARTS: z.enum(['at once', 'never']).default('at once') }),
  async start({ app, settings, signal }) {
    if (settings.starts === 'never') {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    }
    methods(app, '/slow-then-crash', {
      get: (_request, response) => {
        setTimeout(() => {
          throw new Error('nobody expected this');
        }, 10);
        setTimeout(() => response.json({ answered: true }), 200);
      },
    });
    return {};
  },
});
