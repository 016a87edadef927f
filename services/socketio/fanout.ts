/**
 * From the event stream to the sockets of this instance. Every instance reads the whole stream for
 * itself, so there is no adapter between them; main.ts subscribes and passes each event here. Events
 * are hints: what was missed is not repaired here, but a beacon that is ahead of what was sent goes to
 * the browsers, which then fetch what they lack.
 */
import type { MicroflackEvent } from '@microflack/common/events/events.ts';

export type Emit = (name: 'updated_model' | 'room_beacon', payload: object, room?: string) => void;

export interface Fanout {
  deliver(event: MicroflackEvent): void;
  /** The newest change known of a room: told to a socket that opens, whose page may be older. */
  newestOf(room: string): number | undefined;
}

export function createFanout(emit: Emit): Fanout {
  const newest = new Map<string, number>();

  /** Whether this is news; remembers it. */
  function ahead(room: string, change: number): boolean {
    if (change <= (newest.get(room) ?? -1)) return false;
    newest.set(room, change);
    return true;
  }

  return {
    deliver(event) {
      switch (event.type) {
        case 'message.changed':
          ahead(event.room, event.change);
          return emit('updated_model', { class: 'Message', model: event.message }, event.room);
        case 'user.changed':
          return emit('updated_model', { class: 'User', model: event.user });
        case 'room.beacon': {
          const { room, change } = event;
          if (ahead(room, change)) emit('room_beacon', { room, change }, room);
          return;
        }
        case 'token.revoked':
          return; // the authenticator hears of it by itself
      }
    },
    newestOf: (room) => newest.get(room),
  };
}
