/**
 * A person who registers and signs in, each from a loopback address of their own: the limits that are
 * meant for one address must not be what is measured.
 */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { openConnection } from './http.ts';

const password = 'correct horse battery';
const signedIn = z.object({ token: z.string() });
let people = 0;

/** Resolves with their token. */
export async function registerAndSignIn(url: string): Promise<string> {
  const connection = openConnection(url, nextAddress());
  const nickname = `bench-${randomBytes(6).toString('hex')}`;
  const basic = Buffer.from(`${nickname}:${password}`).toString('base64');
  await connection.send({ method: 'POST', path: '/api/users', body: { nickname, password } });
  const answer = await connection.send({
    method: 'POST',
    path: '/api/tokens',
    headers: { authorization: `Basic ${basic}` },
  });
  await connection.close();
  return signedIn.parse(JSON.parse(answer)).token;
}

/** 127.1.0.1, 127.1.0.2 …; begins anywhere, so that two processes hardly meet. */
function nextAddress(): string {
  people += 1;
  const number = (process.pid * 1_000 + people) % 0xffff;
  return `127.1.${number >> 8}.${number & 0xff}`;
}
