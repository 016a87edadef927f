/**
 * Remembers how far this person has read in each room, across reloads and tabs. Used by the chat's views.
 * Refuses to tell the server: what somebody has read is theirs.
 */
import * as z from 'zod/mini';
import type { Shelf } from './shelf.ts';
import { createStore } from './store.ts';
import { type Reading, type ReadingEvent, reduceReading } from './unread.ts';

export type ReadingKeeper = ReturnType<typeof createReadingKeeper>;

export function createReadingKeeper(shelf: Shelf, userId: number) {
  const prefix = `read.${userId}.`;
  const readings = createStore<ReadonlyMap<string, Reading>>(new Map());
  const stored = (room: string) => shelf.read(prefix + room, z.int());

  function of(room: string): Reading {
    return readings.get().get(room) ?? { readTo: stored(room), line: undefined };
  }

  function feed(room: string, event: ReadingEvent): void {
    const before = of(room);
    const after = reduceReading(before, event);
    readings.update((all) => new Map(all).set(room, after));
    if (after.readTo !== before.readTo) shelf.write(prefix + room, after.readTo);
  }

  const unwatch = shelf.watch((name) => {
    const readTo = name.startsWith(prefix) ? shelf.read(name, z.int()) : undefined;
    if (readTo !== undefined) feed(name.slice(prefix.length), { type: 'read-elsewhere', readTo });
  });

  return { readings, of, feed, stop: unwatch };
}
