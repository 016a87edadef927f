/**
 * The chat: rooms on the left, the room in the middle, panels on the right. On narrow screens both sides are drawers.
 * Knows which room is open; the rooms themselves are the chat's.
 */
import { useState } from 'react';
import type { Chat } from '../core/chat.ts';
import type { Client } from '../core/client.ts';
import { Drawer } from './drawer.tsx';
import { useMedia, useStore } from './hooks.ts';
import { Panels } from './panels.tsx';
import { RoomView } from './room-view.tsx';
import { Sidebar } from './sidebar.tsx';

/** The same widths stand in styles/layout.css. */
const widthForRooms = '(min-width: 48rem)';
const widthForPanels = '(min-width: 68rem)';

export function ChatScreen({ chat, client }: { chat: Chat; client: Client }) {
  const rooms = useStore(chat.rooms);
  const [chosen, setChosen] = useState<string>();
  const [drawer, setDrawer] = useState<'rooms' | 'panels'>();
  const roomsFit = useMedia(widthForRooms);
  const panelsFit = useMedia(widthForPanels);
  const room = chosen ?? rooms[0];
  const close = () => setDrawer(undefined);

  function choose(name: string): void {
    setChosen(name);
    close();
  }

  if (room === undefined) return null;
  const sidebar = <Sidebar chat={chat} client={client} room={room} onRoom={choose} />;
  const panels = <Panels chat={chat} />;
  return (
    <div className="chat">
      <a className="skip-link" href="#composer" target="_self">
        Skip to writing
      </a>
      {roomsFit ? (
        <nav className="side" aria-label="Rooms">
          {sidebar}
        </nav>
      ) : (
        <Drawer label="Rooms" side="left" open={drawer === 'rooms'} onClose={close}>
          {sidebar}
        </Drawer>
      )}
      <RoomView
        key={room}
        chat={chat}
        client={client}
        room={room}
        onRooms={roomsFit ? undefined : () => setDrawer('rooms')}
        onPanels={panelsFit ? undefined : () => setDrawer('panels')}
      />
      {panelsFit ? (
        <aside className="panels" aria-label="Panels">
          {panels}
        </aside>
      ) : (
        <Drawer label="People" side="right" open={drawer === 'panels'} onClose={close}>
          {panels}
        </Drawer>
      )}
    </div>
  );
}
