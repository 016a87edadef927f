/** What one person said in one go: their square and name once, then their lines. */
import { memo } from 'react';
import type { Turn } from '../core/grouping.ts';
import type { RoomLine } from '../core/lines.ts';
import { Avatar } from './avatar.tsx';
import { LetterLine } from './letter-line.tsx';
import { StoredLine } from './stored-line.tsx';
import { Time } from './time.tsx';

/** What can be done with a line. The last two throw an `ApiError` where that does not work. */
export interface LineActions {
  activate(lineId: string): void;
  edit(id: number): void;
  endEdit(): void;
  retry(key: string): void;
  discard(key: string): void;
  save(id: number, source: string): Promise<void>;
  remove(id: number): Promise<void>;
}

interface TurnViewProps {
  readonly turn: Turn<RoomLine>;
  readonly name: string;
  readonly mine: boolean;
  /** The line that the Tab key comes to. */
  readonly focusable: string | undefined;
  readonly editing: number | undefined;
  readonly actions: LineActions;
}

export function TurnView({ turn, name, mine, focusable, editing, actions }: TurnViewProps) {
  const [first] = turn.lines;
  return (
    <div className="turn">
      <Avatar id={turn.userId} name={name} />
      <p className="turn-head" aria-hidden="true">
        <span className="name">{name}</span>
        {first && <Time at={first.at} />}
      </p>
      {turn.lines.map((line) =>
        line.kind === 'letter' ? (
          <Letter
            key={line.id}
            id={line.id}
            entry={line.entry}
            focusable={line.id === focusable}
            actions={actions}
          />
        ) : (
          <Stored
            key={line.id}
            id={line.id}
            message={line.message}
            name={name}
            mine={mine}
            focusable={line.id === focusable}
            editing={line.message.id === editing}
            actions={actions}
          />
        ),
      )}
    </div>
  );
}

const Letter = memo(LetterLine);
const Stored = memo(StoredLine);
