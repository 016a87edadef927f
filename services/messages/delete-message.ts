/** DELETE /api/messages/ID: its author takes it back. A tombstone stays, so that who catches up learns of it. */
import type { Publisher } from '@microflack/common/events/publish.ts';
import type { Pool } from 'mysql2/promise';
import { messageChanged } from './message-changed.ts';
import { ownMessage } from './own-message.ts';
import { changeMessage } from './store/changes.ts';

export async function deleteMessage(
  { pool, publisher }: { readonly pool: Pool; readonly publisher: Publisher },
  own: { readonly id: number; readonly userId: number },
): Promise<void> {
  const changed = await changeMessage(pool, own.id, (current) => {
    ownMessage(current, own);
    return { source: '', html: '', deleted: 1, links_due_at: null };
  });
  if (changed) await publisher.publish([messageChanged(changed)]);
}
