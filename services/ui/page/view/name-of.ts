/** What to call an author whom no list has named yet: the people keeper is looking them up. */
import type { People } from '../core/people-keeper.ts';

export function nameOf(people: People, id: number): string {
  return people.get(id)?.nickname ?? 'Somebody';
}
