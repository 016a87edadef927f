/** GET /api/users: one page of the list, and where the next one begins. */
import type { User } from '@microflack/common/events/models.ts';
import { cursorOf, type Listing } from './listing.ts';
import type { UserStore } from './store.ts';

export interface UserPage {
  users: User[];
  /** The cursor of the next page; missing on the last one. */
  next?: string;
}

export async function listUsers(store: UserStore, listing: Listing): Promise<UserPage> {
  const found = await store.list(listing);
  const users = found.slice(0, listing.limit);
  const last = users.at(-1);
  if (!last || found.length <= listing.limit) return { users };
  return { users, next: cursorOf({ updatedAt: last.updated_at, nickname: last.nickname }) };
}
