/**
 * Messages as people read them: by day, and in a day by who speaks. Pure; used by the message list.
 * Refuses to sort: the room's order (`seq`) is the order, also where a clock was wrong.
 */
export interface Line {
  readonly id: string;
  readonly userId: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What one person said without a pause and without anybody in between. */
export interface Turn<L extends Line> {
  readonly id: string;
  readonly userId: number;
  readonly lines: L[];
}

export interface Day<L extends Line> {
  /** Local date, `2026-11-21`. */
  readonly date: string;
  readonly turns: Turn<L>[];
}

const pauseMs = 5 * 60_000;
const dayMs = 24 * 60 * 60_000;

/** A turn also ends before the line `breakBefore`, so that the unread marker has a place to stand. */
export function groupLines<L extends Line>(lines: readonly L[], breakBefore?: string): Day<L>[] {
  const days: Day<L>[] = [];
  let last: L | undefined;
  for (const line of lines) {
    const date = localDate(line.at);
    const day = days.at(-1);
    const turn = day?.turns.at(-1);
    if (!day || day.date !== date) {
      days.push({ date, turns: [startTurn(line)] });
    } else if (turn && last && goesOn(last, line) && line.id !== breakBefore) {
      turn.lines.push(line);
    } else {
      day.turns.push(startTurn(line));
    }
    last = line;
  }
  return days;
}

/** `Today`, `Yesterday`, `Friday, 21 November`, and with the year where it is another one. */
export function dayLabel(date: string, now: number): string {
  if (date === localDate(now)) return 'Today';
  if (date === localDate(noonOf(localDate(now)) - dayMs)) return 'Yesterday';
  const year = date.slice(0, 4) === localDate(now).slice(0, 4) ? {} : { year: 'numeric' as const };
  return new Intl.DateTimeFormat('en-GB', {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    ...year,
  }).format(noonOf(date));
}

function goesOn(last: Line, line: Line): boolean {
  return last.userId === line.userId && line.at - last.at < pauseMs;
}

function startTurn<L extends Line>(line: L): Turn<L> {
  return { id: line.id, userId: line.userId, lines: [line] };
}

function localDate(at: number): string {
  const date = new Date(at);
  const [month, day] = [date.getMonth() + 1, date.getDate()].map((n) => String(n).padStart(2, '0'));
  return `${date.getFullYear()}-${month}-${day}`;
}

/** Noon, because a day around a change of the clocks has 23 or 25 hours. */
function noonOf(date: string): number {
  return new Date(`${date}T12:00:00`).getTime();
}
