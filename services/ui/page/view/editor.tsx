/** Changes a message in its place: Enter saves, Escape leaves it as it was. What was typed stays while saving fails. */
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { ApiError } from '../core/api.ts';
import { wordsFor } from '../core/words.ts';
import { useGrowing } from './use-growing.ts';

interface EditorProps {
  readonly source: string;
  readonly onSave: (source: string) => Promise<void>;
  readonly onEnd: () => void;
}

export function Editor({ source, onSave, onEnd }: EditorProps) {
  const [text, setText] = useState(source);
  const [trouble, setTrouble] = useState<string>();
  const field = useRef<HTMLTextAreaElement>(null);
  useGrowing(field, text);

  useEffect(() => {
    field.current?.focus();
    field.current?.setSelectionRange(source.length, source.length);
  }, [source.length]);

  async function save(): Promise<void> {
    const edited = text.trim();
    if (edited === '' || edited === source) return onEnd();
    try {
      await onSave(edited);
      onEnd();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setTrouble(wordsFor(error, 'Messages are'));
    }
  }

  function pressed(event: KeyboardEvent): void {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Escape') onEnd();
    else if (event.key === 'Enter' && !event.shiftKey) void save();
    else return;
    event.preventDefault();
  }

  return (
    <div className="editor">
      <textarea
        ref={field}
        rows={1}
        value={text}
        aria-label="Edit message"
        aria-describedby="editor-hint"
        onChange={(event) => setText(event.target.value)}
        onKeyDown={pressed}
      />
      <p role="alert" className="trouble">
        {trouble && `Not saved. ${trouble}`}
      </p>
      <div className="editor-actions">
        <span id="editor-hint" className="hint">
          Enter saves, Escape cancels
        </span>
        <button type="button" className="button small" onClick={onEnd}>
          Cancel
        </button>
        <button type="button" className="button primary small" onClick={() => void save()}>
          Save
        </button>
      </div>
    </div>
  );
}
