/**
 * The messages of a room, by day and by person, with the line "New", the button down to the newest, and history that is loaded
 * when one scrolls up. By keyboard the log is one stop: arrow keys go from message to message, and from the one in
 * focus Tab reaches its buttons.
 */
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { ApiError } from '../core/api.ts';
import type { Chat } from '../core/chat.ts';
import { groupLines } from '../core/grouping.ts';
import type { RoomLine } from '../core/lines.ts';
import type { People } from '../core/people-keeper.ts';
import { DayView, type LineActions } from './day-view.tsx';
import { useNow } from './hooks.ts';
import { Icon } from './icon.tsx';
import { useScroll } from './use-scroll.ts';

interface MessageLogProps {
  readonly chat: Chat;
  readonly room: string;
  readonly lines: readonly RoomLine[];
  readonly people: People;
  readonly opened: boolean;
  /** Whether history is loaded to the room's beginning. */
  readonly complete: boolean;
  readonly unread: number;
  readonly firstNew: string | undefined;
  readonly editing: number | undefined;
  readonly onEdit: (id: number) => void;
  readonly onEditEnd: () => void;
  readonly onAtEnd: (atEnd: boolean) => void;
  /** The button down is gone when it has been pressed: the focus needs a new place. */
  readonly onDown: () => void;
}

const nearTopPx = 600;

export function MessageLog(props: MessageLogProps) {
  const { chat, room, lines, people, opened, complete, firstNew, editing, onAtEnd } = props;
  const box = useRef<HTMLDivElement>(null);
  const { atEnd, look, toEnd } = useScroll(box, { content: lines, opened, firstNew });
  const older = useOlder(chat, room, complete || !opened);
  const [active, setActive] = useState<string>();
  const now = useNow();
  const days = useMemo(() => groupLines(lines, firstNew), [lines, firstNew]);
  const focusable = lines.some((line) => line.id === active) ? active : lines.at(-1)?.id;
  const actions = useActions(props, setActive);

  useEffect(() => onAtEnd(atEnd), [atEnd, onAtEnd]);
  useFollowOwn(lines, chat.userId, toEnd);

  const { load } = older;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a loaded page may not have filled the screen.
  useEffect(() => {
    if (box.current && box.current.scrollTop < nearTopPx) void load();
  }, [lines, load]);

  function down(): void {
    toEnd();
    props.onDown();
  }

  function scrolled(): void {
    look();
    if (box.current && box.current.scrollTop < nearTopPx) void load();
  }

  return (
    <div className="log-frame">
      <div
        ref={box}
        className="log"
        role="log"
        aria-live="off"
        aria-label={`Messages in ${room}`}
        aria-busy={!opened}
        onScroll={scrolled}
        onKeyDown={moveFocus}
      >
        <div className="log-content">
          {!opened && <Skeleton />}
          {opened && complete && <Beginning room={room} empty={lines.length === 0} />}
          {older.failed && (
            <p className="older-failed">
              Older messages could not be loaded.{' '}
              <button type="button" className="link-button" onClick={() => void load(true)}>
                Try again
              </button>
            </p>
          )}
          {days.map((day) => (
            <DayView
              key={day.date}
              day={day}
              now={now}
              people={people}
              me={chat.userId}
              focusable={focusable}
              firstNew={firstNew}
              editing={editing}
              actions={actions}
            />
          ))}
        </div>
      </div>
      {opened && !atEnd && <ToNewest unread={props.unread} onClick={down} />}
    </div>
  );
}

/** What lines can do, as one value that stays the same, so that a line is drawn again only when it changed. */
function useActions(props: MessageLogProps, setActive: (id: string) => void): LineActions {
  const { chat, onEdit, onEditEnd } = props;
  return useMemo(
    () => ({
      activate: setActive,
      edit: onEdit,
      endEdit: onEditEnd,
      save: chat.edit,
      remove: chat.remove,
      retry: chat.retry,
      discard: chat.discard,
    }),
    [chat, onEdit, onEditEnd, setActive],
  );
}

/** Whoever has just sent something wants to see it. */
function useFollowOwn(lines: readonly RoomLine[], me: number, toEnd: () => void): void {
  const newest = lines.at(-1);
  const id = newest?.kind === 'letter' && newest.userId === me ? newest.id : undefined;
  useEffect(() => {
    if (id) toEnd();
  }, [id, toEnd]);
}

/** Loads a page of history at a time; after a failure only when asked to. */
function useOlder(chat: Chat, room: string, nothingOlder: boolean) {
  const [failed, setFailed] = useState(false);
  const loading = useRef(false);
  const load = useCallback(
    async (again = false) => {
      if (nothingOlder || loading.current || (failed && !again)) return;
      loading.current = true;
      try {
        await chat.older(room);
        setFailed(false);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        setFailed(true);
      } finally {
        loading.current = false;
      }
    },
    [chat, room, nothingOlder, failed],
  );
  return { load, failed };
}

function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  const { target, currentTarget, key } = event;
  if (!(target instanceof HTMLElement) || target.dataset.line === undefined) return;
  const all = [...currentTarget.querySelectorAll<HTMLElement>('[data-line]')];
  const at = all.indexOf(target);
  const next = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: all.length - 1 }[key];
  if (next === undefined) return;
  event.preventDefault();
  all[Math.max(0, Math.min(next, all.length - 1))]?.focus();
}

function ToNewest({ unread, onClick }: { unread: number; onClick: () => void }) {
  const what = unread === 0 ? 'Newest' : `${unread} new message${unread === 1 ? '' : 's'}`;
  return (
    <button type="button" className={unread ? 'to-newest unread' : 'to-newest'} onClick={onClick}>
      <Icon name="down" />
      {what}
    </button>
  );
}

function Beginning({ room, empty }: { room: string; empty: boolean }) {
  return (
    <p className="beginning">
      <strong>This is where #{room} begins.</strong>
      {empty && ' Nobody has said anything yet. Say hello!'}
    </p>
  );
}

function Skeleton() {
  return (
    <div className="skeleton" aria-hidden="true">
      {[70, 45, 60, 30, 55].map((width) => (
        <p key={width} className={`skeleton-line w${width}`} />
      ))}
    </div>
  );
}
