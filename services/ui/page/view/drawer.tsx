/**
 * A side of the page that slides in on narrow screens. A modal dialog of the browser's own: it keeps the focus in and gives it
 * back, closes on Escape, and hides what lies behind from screen readers.
 */
import { type ReactNode, useEffect, useRef } from 'react';
import { Icon } from './icon.tsx';

interface DrawerProps {
  readonly label: string;
  readonly side: 'left' | 'right';
  readonly open: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

export function Drawer({ label, side, open, onClose, children }: DrawerProps) {
  const dialog = useRef<HTMLDialogElement>(null);

  useEffect(() => {
    const element = dialog.current;
    if (open && !element?.open) element?.showModal();
    if (!open && element?.open) element.close();
  }, [open]);

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click beside the drawer closes it; the keyboard has Escape.
    <dialog
      ref={dialog}
      className={`drawer ${side}`}
      aria-label={label}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div className="drawer-content">
        <button type="button" className="icon-button drawer-close" onClick={onClose}>
          <Icon name="close" />
          <span className="sr-only">Close</span>
        </button>
        {open && children}
      </div>
    </dialog>
  );
}
