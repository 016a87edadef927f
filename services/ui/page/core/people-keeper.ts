/**
 * Keeps who there is and who is here: fetches the list, then what changed since, takes in what the socket pushes, and
 * looks up an author whom no list has named yet. Used by the chat. Refuses to let a list that was read before a push
 * undo it.
 */
import { ApiError } from './api.ts';
import type { Endpoints } from './endpoints.ts';
import type { Person } from './models.ts';
import type { Store } from './store.ts';
import { createWorker } from './worker.ts';

export type People = ReadonlyMap<number, Person>;

export type PeopleKeeper = ReturnType<typeof createPeopleKeeper>;

export function createPeopleKeeper(
  endpoints: Pick<Endpoints, 'people' | 'person'>,
  people: Store<People>,
) {
  let pushedMeanwhile = new Set<number>();
  let outdated = true;
  const unknown = new Set<number>();
  const nobody = new Set<number>();

  function take(news: readonly Person[]): void {
    people.update((known) => {
      const merged = new Map(known);
      for (const person of news) {
        const present = merged.get(person.id);
        if (!present || present.updated_at <= person.updated_at) merged.set(person.id, person);
      }
      return merged;
    });
  }

  async function refresh(): Promise<void> {
    outdated = false;
    pushedMeanwhile = new Set();
    // The second itself once more: more may have happened in it.
    const since = Math.max(0, ...[...people.get().values()].map((person) => person.updated_at));
    try {
      const news = await endpoints.people(since);
      take(news.filter((person) => !pushedMeanwhile.has(person.id)));
    } catch (error) {
      outdated = true;
      throw error;
    }
  }

  async function lookUp(id: number): Promise<void> {
    try {
      take([await endpoints.person(id)]);
    } catch (error) {
      if (!(error instanceof ApiError) || error.kind !== 'refused') throw error;
      nobody.add(id);
    }
    unknown.delete(id);
  }

  const worker = createWorker(async () => {
    if (outdated) await refresh();
    const [id] = unknown;
    if (id !== undefined && !people.get().has(id)) await lookUp(id);
    else if (id !== undefined) unknown.delete(id);
    return unknown.size > 0 ? 0 : undefined;
  });

  return {
    pushed(person: Person): void {
      pushedMeanwhile.add(person.id);
      take([person]);
    },
    refresh(): void {
      outdated = true;
      worker.wake();
    },
    /** Authors of messages: whoever is not known is looked up. */
    mentioned(ids: Iterable<number>): void {
      for (const id of ids) if (!people.get().has(id) && !nobody.has(id)) unknown.add(id);
      if (unknown.size > 0) worker.wake();
    },
    hurry: worker.hurry,
    stop: worker.stop,
  };
}
