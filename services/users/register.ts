/**
 * POST /api/users: somebody new.
 *
 * Of two who ask for one nickname at the same time both get to the insert, and the unique key takes
 * one of them. Looking first only saves the hashing.
 */
import type { User } from '@microflack/common/events/models.ts';
import type { Publisher } from '@microflack/common/events/publish.ts';
import type { NewUser } from './credentials.ts';
import type { Limits } from './limits.ts';
import type { Passwords } from './passwords.ts';
import { nicknameTaken, type UserStore } from './store.ts';

export interface RegisterTools {
  store: UserStore;
  passwords: Passwords;
  limits: Limits;
  publisher: Publisher;
}

export async function register(
  { store, passwords, limits, publisher }: RegisterTools,
  { nickname, password }: NewUser,
  network: string,
): Promise<User> {
  await limits.registering(network);
  if (await store.findLogin(nickname)) throw nicknameTaken();
  const user = await store.insert({ nickname, passwordHash: await passwords.hash(password) });
  await Promise.all([
    limits.succeeded({ account: String(user.id), network }),
    publisher.publish([{ type: 'user.changed', user }]),
  ]);
  return user;
}
