/** Whose message it is: only its author edits or deletes it. Pure. */
import { forbidden, notFound } from '@microflack/common/errors.ts';
import type { CurrentMessage } from './store/changes.ts';

/** The message, if it is there and theirs. */
export function ownMessage(
  current: CurrentMessage | undefined,
  { id, userId }: { readonly id: number; readonly userId: number },
): CurrentMessage {
  if (!current || current.deleted) throw notFound(`message ${id}`);
  if (current.user_id !== userId)
    throw forbidden('not_the_author', 'expected a message of your own');
  return current;
}
