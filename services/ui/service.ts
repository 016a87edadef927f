/**
 * The ui service: hands out the page. main.ts runs it, tests start it.
 *
 * Its route is `/`, the shortest: it gets what no other service has claimed. It knows no user, and of other services
 * only which of them are there.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { assetPath } from '@microflack/common/release-paths.ts';
import type { ServiceDefinition } from '@microflack/common/service.ts';
import { settings, type UiSettings } from './config.ts';
import { watchOptionalServices } from './optional-services.ts';
import { routes } from './routes.ts';

export const ui: ServiceDefinition<UiSettings> = {
  name: 'ui',
  settings,
  registration: { route: '/', balance: 'roundrobin' },

  async start({ app, consul, log, settings, signal }) {
    routes(app, {
      folder: builtPage(),
      releasesFolder: settings.releasesFolder,
      optionalServices: watchOptionalServices({ consul, log, signal }),
    });
    return {};
  },
};

/** `public/` in a release; from source what `vite build services/ui` has made. */
function builtPage(): string {
  const folders = ['public', 'dist'].map((name) => assetPath(import.meta, name));
  const built = folders.find((folder) => existsSync(join(folder, 'index.html')));
  if (!built) throw new Error('the page is not built: npx vite build services/ui');
  return built;
}
