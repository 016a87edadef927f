/**
 * A message that is stored: its text, that it was edited, and for its author the ways to change it. With the focus on it, `e`
 * edits and Delete deletes.
 */
import { type KeyboardEvent, useState } from 'react';
import type { Message } from '../core/models.ts';
import type { LineActions } from './day-view.tsx';
import { DeleteDialog } from './delete-dialog.tsx';
import { Editor } from './editor.tsx';
import { Icon } from './icon.tsx';
import { MessageHtml } from './message-html.tsx';
import { shortTime, Time } from './time.tsx';

interface StoredLineProps {
  readonly id: string;
  readonly message: Message;
  readonly name: string;
  readonly mine: boolean;
  readonly focusable: boolean;
  readonly editing: boolean;
  readonly actions: LineActions;
}

export function StoredLine(props: StoredLineProps) {
  const { id, message, name, mine, focusable, editing, actions } = props;
  const [deleting, setDeleting] = useState(false);
  const at = message.created_at * 1000;

  function pressed(event: KeyboardEvent<HTMLElement>): void {
    if (!mine || editing || event.target !== event.currentTarget) return;
    if (event.key === 'e') actions.edit(message.id);
    else if (event.key === 'Delete') setDeleting(true);
    else return;
    event.preventDefault();
  }

  if (editing) {
    return (
      <div className="line editing">
        <Editor
          source={message.source}
          onSave={(source) => actions.save(message.id, source)}
          onEnd={actions.endEdit}
        />
      </div>
    );
  }
  return (
    <article
      className="line"
      data-line={id}
      tabIndex={focusable ? 0 : -1}
      aria-keyshortcuts={mine ? 'E Delete' : undefined}
      onFocus={() => actions.activate(id)}
      onKeyDown={pressed}
    >
      <span className="sr-only">{`${name}, ${shortTime(at)}: `}</span>
      <span className="line-time" aria-hidden="true">
        <Time at={at} narrow />
      </span>
      <MessageHtml message={message} focusable={focusable} />
      {message.rev > 0 && <span className="edited">edited</span>}
      {mine && (
        <div className="line-actions">
          <ActionButton
            icon="edit"
            label="Edit"
            focusable={focusable}
            onClick={() => actions.edit(message.id)}
          />
          <ActionButton
            icon="trash"
            label="Delete"
            focusable={focusable}
            onClick={() => setDeleting(true)}
          />
        </div>
      )}
      {deleting && (
        <DeleteDialog
          message={message}
          onDelete={() => actions.remove(message.id)}
          onClose={() => setDeleting(false)}
        />
      )}
    </article>
  );
}

interface ActionButtonProps {
  readonly icon: 'edit' | 'trash';
  readonly label: string;
  readonly focusable: boolean;
  readonly onClick: () => void;
}

function ActionButton({ icon, label, focusable, onClick }: ActionButtonProps) {
  return (
    <button
      type="button"
      className="icon-button"
      title={label}
      tabIndex={focusable ? 0 : -1}
      onClick={onClick}
    >
      <Icon name={icon} />
      <span className="sr-only">{label} message</span>
    </button>
  );
}
