/** A message of one's own that is not stored yet: shown as it was typed, and what has become of it. */
import type { OutboxEntry } from '../core/outbox.ts';
import type { LineActions } from './day-view.tsx';

interface LetterLineProps {
  readonly id: string;
  readonly entry: OutboxEntry;
  readonly focusable: boolean;
  readonly actions: LineActions;
}

export function LetterLine({ id, entry, focusable, actions }: LetterLineProps) {
  const refused = entry.state === 'refused';
  return (
    <article
      className="line letter"
      data-line={id}
      tabIndex={focusable ? 0 : -1}
      onFocus={() => actions.activate(id)}
    >
      <div className="text plain">{entry.source}</div>
      {entry.trouble ? (
        <p className="letter-state trouble" role="status">
          {refused ? `Not sent. ${entry.trouble}` : 'Not sent yet. It goes out by itself.'}{' '}
          <button type="button" className="link-button" onClick={() => actions.retry(entry.key)}>
            {refused ? 'Try again' : 'Try now'}
          </button>{' '}
          <button type="button" className="link-button" onClick={() => actions.discard(entry.key)}>
            Discard
          </button>
        </p>
      ) : (
        <p className="letter-state sending">Sending…</p>
      )}
    </article>
  );
}
