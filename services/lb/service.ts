/**
 * The balancer: Consul in, HAProxy out. main.ts runs it, tests start it.
 *
 * It is ready when HAProxy has what Consul wants for the first time. When it stops, HAProxy stays as
 * it is: lb is in nobody's way, neither of a request nor of HAProxy's restart.
 */
import type { Logger } from '@microflack/common/log.ts';
import { backoffMs, pause } from '@microflack/common/pause.ts';
import type { ServiceDefinition } from '@microflack/common/service.ts';
import { type LbSettings, settings } from './config.ts';
import { remember } from './memory.ts';
import { reconcile } from './reconcile.ts';
import type { Running } from './running.ts';
import { look } from './runtime.ts';
import { stillServed, watchConsul } from './watch.ts';

const maxRetryMs = 1_000;

export const lb: ServiceDefinition<LbSettings> = {
  name: 'lb',
  settings,

  async start({ settings, consul, log, signal }) {
    const memory = await remember(settings.haproxyConfig, log);
    const running = await firstLook(settings, log, signal);
    const reconciler = reconcile({ settings, inForce: memory, log, signal });
    watchConsul(consul, stillServed(memory, running), reconciler.want, { log, signal });
    return {
      ready: () => reconciler.settled,
      stop: () => reconciler.ended,
    };
  },
};

/** HAProxy may be starting just now. */
async function firstLook(settings: LbSettings, log: Logger, signal: AbortSignal): Promise<Running> {
  for (let failures = 0; ; failures += 1) {
    try {
      return await look(settings);
    } catch (error) {
      if (failures === 0)
        log.warn({ event: 'haproxy.behind', err: error }, 'HAProxy does not answer');
      await pause(backoffMs(failures, maxRetryMs), signal);
      signal.throwIfAborted();
    }
  }
}
