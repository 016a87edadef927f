/**
 * Gives a chat a past, for the exercise in README.md: so many people who have said so many things.
 *
 *     node services/popularity/testing/history.ts http://localhost:8000 PEOPLE MESSAGES
 *
 * By the API, as if they had been there: nothing is written that a browser could not have sent. Run
 * again, it takes new people.
 */
import { randomUUID } from 'node:crypto';

const [url = '', people = '20', messages = '10000'] = process.argv.slice(2);
/** Each person waits for an answer before they say more. */
const password = randomUUID();

const total = Number(messages);
let said = 0;

async function call(path: string, authorization: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

async function join(): Promise<string> {
  const nickname = `past-${randomUUID().slice(0, 8)}`;
  await call('/api/users', '', { nickname, password });
  const login = Buffer.from(`${nickname}:${password}`).toString('base64');
  const answer = await call('/api/tokens', `Basic ${login}`);
  if (typeof answer !== 'object' || answer === null || !('token' in answer)) {
    throw new Error('expected a token');
  }
  return `Bearer ${answer.token}`;
}

async function talk(authorization: string): Promise<void> {
  while (said < total) {
    said += 1;
    await call('/api/messages', authorization, { source: `What was said as number ${said}` });
  }
}

if (!URL.canParse(url)) {
  process.stderr.write('usage: history.ts URL [PEOPLE] [MESSAGES]\n');
  process.exit(2);
}
const crowd: string[] = [];
for (let i = 0; i < Number(people); i += 1) crowd.push(await join());
await Promise.all(crowd.map(talk));
process.stdout.write(`${crowd.length} people have said ${total} things\n`);
