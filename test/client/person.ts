/** Somebody of a test's own, registered and signed in over the wire. */
import { messageModel, userModel } from '@microflack/common/events/models.ts';
import { expect } from 'vitest';
import { z } from 'zod';
import { call, patientCall } from './http.ts';

export interface Person {
  id: number;
  nickname: string;
  token: string;
  /** As Basic carries it. */
  login: readonly [string, string];
}

export const password = 'correct horse';

const tokenAnswer = z.object({ token: z.string() });
const tokenClaims = z.object({ user_id: z.number(), exp: z.number() });
const messageList = z.object({
  messages: z.array(messageModel),
  change: z.number(),
  more: z.boolean(),
});

/** A word that nothing else in the stack contains. */
export const mark = (): string => Math.random().toString(36).slice(2, 10);

export const freshName = (): string => `n-${mark()}`;

export async function aPerson(nickname = freshName()): Promise<Person> {
  const login = [nickname, password] as const;
  const { status } = await patientCall('POST', '/api/users', { json: { nickname, password } });
  // 400 where it was stored although the answer came too late, and was sent again.
  expect([201, 400]).toContain(status);
  const token = await signIn(login);
  return { id: claimsOf(token).user_id, nickname, login, token };
}

export async function signIn(login: Person['login']): Promise<string> {
  const { status, body } = await patientCall('POST', '/api/tokens', { basic: login });
  expect(status).toBe(200);
  return tokenAnswer.parse(body).token;
}

/** What a token says, believed as it is. */
export function claimsOf(token: string): z.infer<typeof tokenClaims> {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  return tokenClaims.parse(JSON.parse(payload));
}

/** The user as everybody sees them. */
export async function userOf({ id }: Pick<Person, 'id'>) {
  return userModel.parse((await call('GET', `/api/users/${id}`)).body);
}

export async function post(bearer: string, source: string) {
  const { status, body } = await call('POST', '/api/messages', { bearer, json: { source } });
  expect(status).toBe(201);
  return messageModel.parse(body);
}

/** The room's number now. */
export async function roomChange(): Promise<number> {
  return messageList.parse((await call('GET', '/api/messages?latest=1')).body).change;
}

/** What was posted with this word in it, in the room's order. */
export async function postedWith(word: string, afterChange: number) {
  const found = [];
  for (let after = afterChange, more = true; more; ) {
    const query = `/api/messages?after=${after}&limit=200`;
    const page = messageList.parse((await call('GET', query)).body);
    found.push(...page.messages.filter(({ source }) => source.includes(word)));
    after = page.messages.at(-1)?.change ?? after;
    more = page.more;
  }
  return found.sort((a, b) => a.seq - b.seq);
}
