/**
 * Whose name and password these are: GET /api/users/me, which the tokens service asks for everybody.
 *
 * A name that nobody has takes the same way and the same time as a wrong password, and gets the same
 * answer. The limits are asked again when the comparison is done: a hundred guesses sent at once find
 * the limit reached as soon as the first of them have failed, and learn nothing from the others.
 */
import { unauthorized } from '@microflack/common/errors.ts';
import type { NewUser } from './credentials.ts';
import type { Limits } from './limits.ts';
import type { Passwords } from './passwords.ts';
import type { UserStore } from './store.ts';

export interface SignInTools {
  store: UserStore;
  passwords: Passwords;
  limits: Limits;
}

/** The id of the person; throws 401, or 429 after too many failures. */
export async function signIn(
  { store, passwords, limits }: SignInTools,
  { nickname, password }: NewUser,
  network: string,
): Promise<number> {
  const login = await store.findLogin(nickname);
  const origin = { account: login ? String(login.id) : `name:${nickname}`, network };
  await limits.assertMaySignIn(origin);
  const matches = await passwords.matches(password, login?.passwordHash);
  if (!login || !matches) {
    await limits.failed(origin);
    throw unauthorized();
  }
  await limits.assertMaySignIn(origin);
  await limits.succeeded(origin);
  return login.id;
}
