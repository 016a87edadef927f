/**
 * Signs in, registers, and says in plain words what went wrong. Used by the sign-in form.
 * The server answers a wrong password and an unknown nickname alike; whether the name is free, the list of people tells.
 * Refuses to keep a password.
 */
import { ApiError } from './api.ts';
import type { Endpoints } from './endpoints.ts';
import { wordsFor } from './words.ts';

export type SignInResult =
  | { kind: 'token'; token: string }
  /** Nobody has this nickname: it can be had. */
  | { kind: 'free' }
  | { kind: 'trouble'; field: 'nickname' | 'password' | undefined; text: string };

type SignInEndpoints = Pick<Endpoints, 'signIn' | 'register' | 'people'>;

export const passwordCharactersAtLeast = 8;
const passwordBytesAtMost = 72;

export async function signIn(
  endpoints: SignInEndpoints,
  nickname: string,
  password: string,
): Promise<SignInResult> {
  // Basic ends the name at the first colon: it would be somebody else's sign-in.
  if (nickname.includes(':')) {
    return { kind: 'trouble', field: 'nickname', text: 'A nickname has no colon in it.' };
  }
  try {
    return { kind: 'token', token: await endpoints.signIn(nickname, password) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status !== 401) return troubleWith(error);
  }
  if (await isKnown(endpoints, nickname)) return wrongPassword(nickname);
  return { kind: 'free' };
}

export async function register(
  endpoints: SignInEndpoints,
  nickname: string,
  password: string,
): Promise<SignInResult> {
  const text = faultOf(password);
  if (text) return { kind: 'trouble', field: 'password', text };
  try {
    await endpoints.register(nickname, password);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return error.code === 'nickname_taken' ? wrongPassword(nickname) : troubleWith(error);
  }
  return await signIn(endpoints, nickname, password);
}

function faultOf(password: string): string | undefined {
  if ([...password].length < passwordCharactersAtLeast) {
    return `A new password needs ${passwordCharactersAtLeast} characters or more.`;
  }
  const bytes = new TextEncoder().encode(password).length;
  return bytes > passwordBytesAtMost
    ? 'That password is too long: 72 bytes are the most.'
    : undefined;
}

async function isKnown(endpoints: SignInEndpoints, nickname: string): Promise<boolean> {
  try {
    const wanted = nickname.toLowerCase();
    return (await endpoints.people(0)).some((person) => person.nickname.toLowerCase() === wanted);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return false; // The list does not answer; registering will tell.
  }
}

function wrongPassword(nickname: string): SignInResult {
  const text = `That is not the password of ${nickname}. If you are somebody else, choose another nickname.`;
  return { kind: 'trouble', field: 'password', text };
}

function troubleWith(error: ApiError): SignInResult {
  return { kind: 'trouble', field: undefined, text: wordsFor(error, 'Signing in is') };
}
