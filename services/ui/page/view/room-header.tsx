/** Above a room: its name, how the connection is, and on narrow screens the buttons that open the sides. */
import { connectionOf, type Health } from '../core/health.ts';
import { Icon } from './icon.tsx';

interface RoomHeaderProps {
  readonly room: string;
  readonly health: Health;
  readonly here: number;
  readonly onRooms: (() => void) | undefined;
  readonly onPanels: (() => void) | undefined;
}

const words = {
  connected: 'Connected',
  connecting: 'Connecting…',
  reconnecting: 'Reconnecting…',
  offline: 'Offline',
} as const;

export function RoomHeader({ room, health, here, onRooms, onPanels }: RoomHeaderProps) {
  const connection = connectionOf(health);
  return (
    <header className="room-header">
      {onRooms && (
        <button type="button" className="icon-button" onClick={onRooms}>
          <Icon name="menu" />
          <span className="sr-only">Rooms</span>
        </button>
      )}
      <h1>
        <span className="hash" aria-hidden="true">
          #
        </span>
        {room}
      </h1>
      {/* The key restarts the animation that keeps a short interruption from being shown. */}
      <p key={connection} className={`connection ${connection}`} role="status">
        {words[connection]}
      </p>
      {onPanels && (
        <button type="button" className="icon-button with-count" onClick={onPanels}>
          <Icon name="people" />
          <span className="count">{here}</span>
          <span className="sr-only"> people here</span>
        </button>
      )}
    </header>
  );
}
