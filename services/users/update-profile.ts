/** PUT /api/users/ID: a new nickname, a new password, or both. What is left out stays. */
import type { Publisher } from '@microflack/common/events/publish.ts';
import type { Profile } from './credentials.ts';
import type { Passwords } from './passwords.ts';
import type { UserStore } from './store.ts';

export interface ProfileTools {
  store: UserStore;
  passwords: Passwords;
  publisher: Publisher;
}

export async function updateProfile(
  { store, passwords, publisher }: ProfileTools,
  id: number,
  { nickname, password }: Profile,
): Promise<void> {
  if (nickname === undefined && password === undefined) return;
  const passwordHash = password === undefined ? undefined : await passwords.hash(password);
  const user = await store.update(id, { nickname, passwordHash });
  await publisher.publish([{ type: 'user.changed', user }]);
}
