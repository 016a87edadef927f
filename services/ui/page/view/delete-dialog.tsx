/** Asks once before a message is deleted: it cannot be brought back. Says so when the deletion does not work. */
import { useEffect, useRef, useState } from 'react';
import { ApiError } from '../core/api.ts';
import type { Message } from '../core/models.ts';
import { wordsFor } from '../core/words.ts';

interface DeleteDialogProps {
  readonly message: Message;
  readonly onDelete: () => Promise<void>;
  readonly onClose: () => void;
}

export function DeleteDialog({ message, onDelete, onClose }: DeleteDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [trouble, setTrouble] = useState<string>();

  useEffect(() => dialog.current?.showModal(), []);

  async function confirm(): Promise<void> {
    try {
      await onDelete();
      dialog.current?.close();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setTrouble(wordsFor(error, 'Messages are'));
    }
  }

  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="delete-title" onClose={onClose}>
      <h2 id="delete-title">Delete this message?</h2>
      <p className="quoted">{message.source}</p>
      <p role="alert" className="trouble">
        {trouble && `Not deleted. ${trouble}`}
      </p>
      <div className="dialog-actions">
        <button type="button" className="button" onClick={() => dialog.current?.close()}>
          Keep
        </button>
        <button type="button" className="button danger" onClick={() => void confirm()}>
          Delete
        </button>
      </div>
    </dialog>
  );
}
