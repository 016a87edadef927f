/**
 * Who is here: reports and leases in, one `user.changed` out for each person whose state changed.
 *
 * The instance that commits a change publishes it; one that dies in between leaves a change that
 * browsers learn with their next look at the list. Leases that run out are found by every instance.
 */
import type { MicroflackEvent } from '@microflack/common/events/events.ts';
import type { User } from '@microflack/common/events/models.ts';
import type { Publisher } from '@microflack/common/events/publish.ts';
import type { Logger } from '@microflack/common/log.ts';
import { pause } from '@microflack/common/pause.ts';
import type { PresenceStore } from './presence-store.ts';
import { createSweepGate } from './sweep-gate.ts';

export interface Presence {
  /** The complete set of people with an open socket at a socketio instance. */
  report(holder: string, online: number[]): Promise<void>;
  /** A person says by REST that they are here. */
  signOn(userId: number): Promise<void>;
  signOff(userId: number): Promise<void>;
  /** Ends what has run out; told again and again until the signal. */
  sweepUntil(signal: AbortSignal): Promise<void>;
}

export interface PresenceTools {
  presenceStore: PresenceStore;
  publisher: Publisher;
  log: Logger;
}

export interface PresenceSettings {
  presenceLeaseMs: number;
  restLeaseMs: number;
  sweepIntervalMs: number;
}

export function trackPresence(
  { presenceStore, publisher, log }: PresenceTools,
  { presenceLeaseMs, restLeaseMs, sweepIntervalMs }: PresenceSettings,
): Presence {
  const tell = async (changed: User[]): Promise<void> => {
    await publisher.publish(
      changed.map((user): MicroflackEvent => ({ type: 'user.changed', user })),
    );
  };
  const sweep = async (): Promise<void> => {
    for (const holder of await presenceStore.expired()) {
      await tell(await presenceStore.expire(holder));
    }
  };

  return {
    report: async (holder, online) =>
      tell(await presenceStore.report({ holder, online, leaseMs: presenceLeaseMs })),
    signOn: async (userId) =>
      tell(
        await presenceStore.report({
          holder: `rest:${userId}`,
          online: [userId],
          leaseMs: restLeaseMs,
        }),
      ),
    signOff: async (userId) => tell(await presenceStore.signOff(userId)),
    async sweepUntil(signal) {
      let failing = false;
      const maySweep = createSweepGate(presenceLeaseMs);
      while (!signal.aborted) {
        await pause(sweepIntervalMs, signal);
        if (!maySweep()) continue;
        try {
          await sweep();
          failing = false;
        } catch (error) {
          if (!failing) log.warn({ event: 'presence.unswept', err: error }, 'leases not swept');
          failing = true;
        }
      }
    },
  };
}
