/**
 * One day of a room: each turn's head, with the person's square and name, and then their lines. Heads and lines are siblings and
 * not nested, so that a line stays the element it was when history or news join the turn that it is in.
 */
import { memo } from 'react';
import { type Day, dayLabel, type Turn } from '../core/grouping.ts';
import type { RoomLine } from '../core/lines.ts';
import type { People } from '../core/people-keeper.ts';
import { Avatar } from './avatar.tsx';
import { LetterLine } from './letter-line.tsx';
import { nameOf } from './name-of.ts';
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

/** What a line has to know beside itself. */
export interface LineContext {
  readonly people: People;
  readonly me: number;
  /** The line that the Tab key comes to. */
  readonly focusable: string | undefined;
  readonly firstNew: string | undefined;
  readonly editing: number | undefined;
  readonly actions: LineActions;
}

interface DayViewProps extends LineContext {
  readonly day: Day<RoomLine>;
  readonly now: number;
}

export function DayView({ day, now, ...context }: DayViewProps) {
  const label = dayLabel(day.date, now);
  return (
    <section aria-label={label}>
      <h2 className="day">
        <span>{label}</span>
      </h2>
      {day.turns.flatMap((turn) => [
        turn.id === context.firstNew && (
          <p key="new" className="new-line">
            New
          </p>
        ),
        <TurnHead key={`head-${turn.id}`} turn={turn} name={nameOf(context.people, turn.userId)} />,
        ...turn.lines.map((line) => <LineView key={line.id} line={line} {...context} />),
      ])}
    </section>
  );
}

/** Silent to screen readers: each line says for itself whose it is and when it came. */
function TurnHead({ turn, name }: { turn: Turn<RoomLine>; name: string }) {
  const [first] = turn.lines;
  return (
    <p className="turn-head" aria-hidden="true">
      <Avatar id={turn.userId} name={name} />
      <span className="name">{name}</span>
      {first && <Time at={first.at} />}
    </p>
  );
}

function LineView({
  line,
  people,
  me,
  focusable,
  editing,
  actions,
}: LineContext & { line: RoomLine }) {
  const common = { id: line.id, focusable: line.id === focusable, actions };
  if (line.kind === 'letter') return <Letter {...common} entry={line.entry} />;
  return (
    <Stored
      {...common}
      message={line.message}
      name={nameOf(people, line.userId)}
      mine={line.userId === me}
      editing={line.message.id === editing}
    />
  );
}

const Letter = memo(LetterLine);
const Stored = memo(StoredLine);
