/**
 * One room: its header, what does not work, its messages, and the place to write. Puts the core's answers together for
 * the parts below it; each of them draws one thing.
 */
import { useEffect, useMemo, useRef, useState } from 'react';
import type { Chat } from '../core/chat.ts';
import type { Client } from '../core/client.ts';
import { lastOwn, linesOf } from '../core/lines.ts';
import type { Message } from '../core/models.ts';
import { visibleMessages } from '../core/room-log.ts';
import { reduceReading, unreadOf } from '../core/unread.ts';
import { Announcer } from './announcer.tsx';
import { Composer } from './composer.tsx';
import { useAttention, useMedia, useStore } from './hooks.ts';
import { MessageLog } from './message-log.tsx';
import { Notices } from './notices.tsx';
import { RoomHeader } from './room-header.tsx';

interface RoomViewProps {
  readonly chat: Chat;
  readonly client: Client;
  readonly room: string;
  /** What opens the sides on narrow screens; nothing where they are in view. */
  readonly onRooms: (() => void) | undefined;
  readonly onPanels: (() => void) | undefined;
}

export function RoomView({ chat, client, room, onRooms, onPanels }: RoomViewProps) {
  const me = chat.userId;
  const log = useStore(chat.logs).get(room);
  const outbox = useStore(chat.outbox);
  const people = useStore(chat.people);
  const health = useStore(client.health);
  const messages = useMemo(() => (log ? visibleMessages(log) : []), [log]);
  const lines = useMemo(
    () => linesOf(messages, outbox, { room, me }),
    [messages, outbox, room, me],
  );
  const [editing, setEditing] = useState<number>();
  const [atEnd, setAtEnd] = useState(false);
  const composer = useRef<HTMLTextAreaElement>(null);
  const touch = useMedia('(pointer: coarse)');
  const opened = log?.cursor !== undefined;
  const { unread, line } = useReading(chat, { room, messages, opened, atEnd });
  useTitle(room, unread);

  const firstNew = lines.find(
    (l) => l.kind === 'message' && line !== undefined && l.userId !== me && l.message.seq > line,
  );

  function endEditing(): void {
    setEditing(undefined);
    composer.current?.focus();
  }

  function send(source: string): void {
    chat.send(room, source);
    chat.reading.feed(room, { type: 'dismissed' });
  }

  return (
    <main className="room">
      <RoomHeader
        room={room}
        health={health}
        here={[...people.values()].filter((person) => person.online).length}
        onRooms={onRooms}
        onPanels={onPanels}
      />
      <Notices health={health} />
      <MessageLog
        chat={chat}
        room={room}
        lines={lines}
        people={people}
        opened={opened}
        complete={log?.from === 0}
        unread={unread}
        firstNew={firstNew?.id}
        editing={editing}
        onEdit={setEditing}
        onEditEnd={endEditing}
        onAtEnd={setAtEnd}
        onDown={() => touch || composer.current?.focus()}
      />
      <Announcer messages={messages} people={people} me={me} opened={opened} />
      <Composer
        field={composer}
        room={room}
        shelf={client.shelf}
        userId={me}
        onSend={send}
        onEditLast={() => setEditing(lastOwn(lines, me)?.message.id)}
        onEscape={() => chat.reading.feed(room, { type: 'dismissed' })}
      />
    </main>
  );
}

interface Read {
  readonly room: string;
  readonly messages: readonly Message[];
  readonly opened: boolean;
  readonly atEnd: boolean;
}

/** How many messages are unread and behind which place the line stands; reads on while somebody looks at the newest. */
function useReading(chat: Chat, { room, messages, opened, atEnd }: Read) {
  useStore(chat.reading.readings);
  const looking = useAttention() && atEnd;
  const me = chat.userId;
  const known = chat.reading.of(room);
  // Worked out here as well, so that the line is there at once when the place to begin at is looked for.
  const { readTo, line } = opened
    ? reduceReading(known, { type: 'messages', messages, me, looking })
    : known;

  useEffect(() => {
    if (opened) chat.reading.feed(room, { type: 'messages', messages, me, looking });
  }, [chat, room, messages, me, opened, looking]);

  const unread = readTo === undefined ? 0 : unreadOf(messages, readTo, me).length;
  return { unread, line };
}

function useTitle(room: string, unread: number): void {
  useEffect(() => {
    document.title = `${unread > 0 ? `(${unread}) ` : ''}#${room} · MicroFlack`;
    return () => {
      document.title = 'MicroFlack';
    };
  }, [room, unread]);
}
