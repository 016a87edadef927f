/** The event that tells everybody what became of a message. Pure. */
import type { MicroflackEvent } from '@microflack/common/events/events.ts';
import { type MessageRow, toMessage } from './store/rows.ts';

export function messageChanged(row: MessageRow): MicroflackEvent {
  const message = toMessage(row);
  return { type: 'message.changed', room: message.room, change: message.change, message };
}
