/**
 * Where one writes. Enter sends and Shift+Enter begins a new line; where there is no keyboard but a screen's, Enter begins a
 * line and the button sends. Arrow-up in an empty field edits one's last message. The draft outlives a reload,
 * a lost connection and the session.
 */
import { type FormEvent, type KeyboardEvent, type RefObject, useState } from 'react';
import * as z from 'zod/mini';
import type { Shelf } from '../core/shelf.ts';
import { useMedia } from './hooks.ts';
import { Icon } from './icon.tsx';
import { useGrowing } from './use-growing.ts';

interface ComposerProps {
  readonly field: RefObject<HTMLTextAreaElement | null>;
  readonly room: string;
  readonly shelf: Shelf;
  readonly userId: number;
  readonly onSend: (source: string) => void;
  readonly onEditLast: () => void;
  readonly onEscape: () => void;
}

const charactersAtMost = 16_384;

export function Composer({
  field,
  room,
  shelf,
  userId,
  onSend,
  onEditLast,
  onEscape,
}: ComposerProps) {
  const [text, setText] = useDraft(shelf, `draft.${userId}.${room}`);
  const touch = useMedia('(pointer: coarse)');
  useGrowing(field, text);
  const tooMany = text.trim().length - charactersAtMost;

  function send(event?: FormEvent): void {
    event?.preventDefault();
    const source = text.trim();
    if (source === '' || tooMany > 0) return;
    onSend(source);
    setText('');
    field.current?.focus();
  }

  function pressed(event: KeyboardEvent): void {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Enter' && !event.shiftKey && !touch) send();
    else if (event.key === 'ArrowUp' && text === '') onEditLast();
    else if (event.key === 'Escape') onEscape();
    else return;
    event.preventDefault();
  }

  return (
    <form className="composer" onSubmit={send}>
      <textarea
        id="composer"
        ref={field}
        rows={1}
        value={text}
        placeholder={`Message #${room}`}
        aria-label={`Message #${room}`}
        aria-describedby="composer-hint"
        aria-invalid={tooMany > 0}
        enterKeyHint={touch ? 'enter' : 'send'}
        // biome-ignore lint/a11y/noAutofocus: whoever opens a chat is about to write; on a phone it would raise the keyboard.
        autoFocus={!touch}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={pressed}
      />
      <div className="composer-bar">
        {tooMany > 0 ? (
          <p id="composer-hint" className="trouble" role="alert">
            {tooMany.toLocaleString('en')} characters too many
          </p>
        ) : (
          <p id="composer-hint" className="hint">
            <strong>**bold**</strong> <em>_italic_</em> <code>`code`</code>
            <span className="keys"> · Enter sends, Shift+Enter begins a line</span>
          </p>
        )}
        <button
          type="submit"
          className="button primary send"
          disabled={text.trim() === '' || tooMany > 0}
        >
          <Icon name="send" />
          <span className="sr-only">Send</span>
        </button>
      </div>
    </form>
  );
}

function useDraft(shelf: Shelf, name: string): [string, (text: string) => void] {
  const [text, setText] = useState(() => shelf.read(name, z.string()) ?? '');
  return [
    text,
    (next) => {
      setText(next);
      if (next === '') shelf.remove(name);
      else shelf.write(name, next);
    },
  ];
}
