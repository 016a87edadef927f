/** The left side: whose chat this is, the rooms with what is unread in them, and the person signed in. */
import type { Chat } from '../core/chat.ts';
import type { Client } from '../core/client.ts';
import { visibleMessages } from '../core/room-log.ts';
import { unreadOf } from '../core/unread.ts';
import { Avatar } from './avatar.tsx';
import { useStore } from './hooks.ts';
import { Icon } from './icon.tsx';
import { Logo } from './logo.tsx';

interface SidebarProps {
  readonly chat: Chat;
  readonly client: Client;
  readonly room: string;
  readonly onRoom: (room: string) => void;
}

export function Sidebar({ chat, client, room, onRoom }: SidebarProps) {
  const rooms = useStore(chat.rooms);
  const me = useStore(chat.people).get(chat.userId);
  const unread = useUnread(chat);
  return (
    <>
      <p className="brand">
        <Logo /> MicroFlack
      </p>
      <h2 className="side-title">Rooms</h2>
      <ul className="rooms">
        {rooms.map((name) => (
          <li key={name}>
            <button
              type="button"
              className="room-link"
              aria-current={name === room ? 'page' : undefined}
              onClick={() => onRoom(name)}
            >
              <span className="hash" aria-hidden="true">
                #
              </span>
              <span className="room-name">{name}</span>
              {unread(name) > 0 && (
                <span className="badge">
                  {unread(name)}
                  <span className="sr-only"> unread</span>
                </span>
              )}
            </button>
          </li>
        ))}
      </ul>
      <div className="me">
        <Avatar id={chat.userId} name={me?.nickname ?? ''} />
        <span className="me-name">{me?.nickname ?? 'You'}</span>
        <button
          type="button"
          className="icon-button"
          title="Sign out"
          onClick={() => void client.signOut()}
        >
          <Icon name="leave" />
          <span className="sr-only">Sign out</span>
        </button>
      </div>
    </>
  );
}

function useUnread(chat: Chat): (room: string) => number {
  const logs = useStore(chat.logs);
  useStore(chat.reading.readings);
  return (room) => {
    const log = logs.get(room);
    const { readTo } = chat.reading.of(room);
    return log && readTo !== undefined
      ? unreadOf(visibleMessages(log), readTo, chat.userId).length
      : 0;
  };
}
