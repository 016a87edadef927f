/** How the witness's people come, and how they leave nothing behind: accounts, sessions, messages. */
import { z } from 'zod';
import type { Post } from './witness-count.ts';

const patienceMs = 10_000;
const deletionsAtOnce = 8;

const withToken = z.object({ token: z.string() });

interface Login {
  nickname: string;
  password: string;
}

/** Signs in, and registers before that where nobody has yet. Resolves to a token. */
export async function signIn(url: string, login: Login): Promise<string> {
  const basic = Buffer.from(`${login.nickname}:${login.password}`).toString('base64');
  const askForToken = () => send(url, 'POST', '/api/tokens', `Basic ${basic}`);
  let answer = await askForToken();
  if (answer.status === 401) {
    const created = await send(url, 'POST', '/api/users', undefined, login);
    if (created.status !== 201)
      throw new Error(`${login.nickname} cannot register: ${told(created)}`);
    answer = await askForToken();
  }
  if (answer.status !== 200) throw new Error(`${login.nickname} cannot sign in: ${told(answer)}`);
  return withToken.parse(answer.body).token;
}

/** Offline, and the token revoked; where that does not work, the token ends within the hour. */
export async function signOut(url: string, token: string): Promise<void> {
  await quietly(() => send(url, 'DELETE', '/api/users/me', `Bearer ${token}`));
  await quietly(() => send(url, 'DELETE', '/api/tokens', `Bearer ${token}`));
}

/** Deletes what was posted. A service that is gone is asked once, and not for every message. */
export async function takeBack(url: string, token: string, posts: readonly Post[]): Promise<void> {
  const ids = posts.flatMap(({ id }) => id ?? []);
  const deleteNext = async (): Promise<void> => {
    for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
      const path = `/api/messages/${id}`;
      const answer = await quietly(() => send(url, 'DELETE', path, `Bearer ${token}`));
      if (answer?.status !== 204) ids.length = 0;
    }
  };
  await Promise.all(Array.from({ length: deletionsAtOnce }, deleteNext));
}

interface Answer {
  status: number;
  body: unknown;
}

async function send(
  url: string,
  method: string,
  path: string,
  authorization: string | undefined,
  body?: object,
): Promise<Answer> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(authorization && { authorization }),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(patienceMs),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return { status: response.status, body: isJson ? JSON.parse(text) : text };
}

const told = ({ status, body }: Answer) => `answered with ${status} ${JSON.stringify(body)}`;

/** What is said when everything is counted changes nothing any more. */
function quietly<T>(work: () => Promise<T>): Promise<T | undefined> {
  return work().catch(() => undefined);
}
