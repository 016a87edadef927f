/**
 * Who is online, as arithmetic on sets: nothing here knows of SQL, time or HTTP.
 *
 * Each holder (a socketio instance, or one person's REST lease) says which people it holds. A person
 * is online while at least one holder with a lease that has not run out holds them. presence-store.ts
 * does this under locks; here is only what follows from what.
 */

export interface Moves {
  arrived: number[];
  left: number[];
}

/** What changed for one holder between what we know of it and what it says. */
export function moves(known: ReadonlySet<number>, reported: ReadonlySet<number>): Moves {
  return { arrived: without(reported, known), left: without(known, reported) };
}

export interface Person {
  id: number;
  online: boolean;
}

export interface Transitions {
  cameOnline: number[];
  wentOffline: number[];
}

/** Whose state does not fit their leases any more. Somebody for whom nothing changes is in neither list. */
export function transitions(people: Person[], leased: ReadonlySet<number>): Transitions {
  const ids = (wanted: boolean): number[] =>
    people
      .filter(({ id, online }) => online !== wanted && leased.has(id) === wanted)
      .map(({ id }) => id);
  return { cameOnline: ids(true), wentOffline: ids(false) };
}

const without = (all: ReadonlySet<number>, others: ReadonlySet<number>): number[] =>
  [...all].filter((id) => !others.has(id));
