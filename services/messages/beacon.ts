/**
 * Tells everybody each room's latest number, as MySQL has it: on start, when Redis is back, and once a second while it
 * moves. Whoever knows less has missed an event, whatever the reason (an instance that died after its commit, a Redis
 * that was away), and fetches what is missing.
 */
import type { Publisher } from '@microflack/common/events/publish.ts';
import type { Logger } from '@microflack/common/log.ts';
import { pause } from '@microflack/common/pause.ts';

export interface Beacon {
  runUntil(signal: AbortSignal, intervalMs: number): Promise<void>;
}

export interface BeaconTools {
  /** Every room with its number, from the database. */
  listRooms(): Promise<readonly { name: string; change: number }[]>;
  readonly publisher: Publisher;
  readonly log: Logger;
}

export function createBeacon({ listRooms, publisher, log }: BeaconTools): Beacon {
  /** The last number that Redis took, by room. */
  let announced = new Map<string, number>();

  async function announce(): Promise<void> {
    const moved = (await listRooms()).filter(({ name, change }) => announced.get(name) !== change);
    const taken = await publisher.publish(
      moved.map(({ name: room, change }) => ({ type: 'room.beacon', room, change })),
    );
    if (taken) for (const { name, change } of moved) announced.set(name, change);
  }

  return {
    async runUntil(signal, intervalMs) {
      publisher.onReconnect(() => {
        announced = new Map();
      });
      while (!signal.aborted) {
        await announce().catch((error: unknown) => {
          log.warn({ event: 'beacon.failed', err: error }, 'rooms were not announced');
        });
        await pause(intervalMs, signal);
      }
    },
  };
}
