/** PUT /api/messages/ID: its author says it differently. Rendered anew, and its links are read anew. */
import { messageChanged } from './message-changed.ts';
import { ownMessage } from './own-message.ts';
import type { PostTools } from './post-message.ts';
import { render } from './render.ts';
import { changeMessage } from './store/changes.ts';
import { linksLeaseSeconds } from './store/posts.ts';

export async function editMessage(
  { pool, publisher, expander }: PostTools,
  edit: { readonly id: number; readonly userId: number; readonly source: string },
): Promise<void> {
  const { id, source } = edit;
  const { html, links } = render(source);
  const changed = await changeMessage(pool, id, (current) => {
    const { rev, now, source: before } = ownMessage(current, edit);
    // Sent twice by a client that lost the answer: there is nothing to do the second time.
    if (before === source) return undefined;
    const links_due_at = links.length > 0 ? now + linksLeaseSeconds : null;
    return { source, html, rev: rev + 1, links_due_at };
  });
  if (!changed) return;
  await publisher.publish([messageChanged(changed)]);
  if (links.length > 0) expander.expand({ id, rev: changed.rev, links });
}
