/** Services for the balancer to find: as little as a service can be, registered and drained like all. */
import { defineSettings } from '@microflack/common/config.ts';
import type { Registration } from '@microflack/common/registry/instances.ts';
import {
  type RunningService,
  type ServiceDefinition,
  startService,
} from '@microflack/common/service.ts';
import { random, type Scope } from '@microflack/common/testing/parts.ts';

/** Answers everything with its instance's id, the request's headers, and a cookie where one is asked for. */
export async function startInstance(
  scope: Scope,
  consulUrl: string,
  name: string,
  registration: Registration,
): Promise<RunningService> {
  const definition: ServiceDefinition<Readonly<ReturnType<typeof settings.parse>>> = {
    name,
    settings,
    registration,
    async start({ app, instance }) {
      app.use(({ headers, query }, response) => {
        if (query.cookie) response.cookie('io', String(query.cookie));
        response.json({ instance, headers });
      });
      return {};
    },
  };
  const running = await startService(definition, {
    CONSUL_URL: consulUrl,
    MF_PROGRAM: `${name}-${random()}`,
    LOG_LEVEL: 'silent',
    DRAIN_GRACE_MS: '300',
  });
  scope.onTestFinished(running.stop);
  return running;
}

const settings = defineSettings({});
