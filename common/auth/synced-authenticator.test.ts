import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, expect, type TestContext, test, vi } from 'vitest';
import { silentLog } from '../testing/log.ts';
import { testTokens } from '../testing/tokens.ts';
import { createSyncedAuthenticator } from './synced-authenticator.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

async function build(t: TestContext) {
  const tokens = testTokens();
  const end = new AbortController();
  t.onTestFinished(() => end.abort());
  const options = { source: tokens.source, log: silentLog, signal: end.signal };
  const auth = await createSyncedAuthenticator(options);
  return { ...tokens, auth, pass: (ms: number) => vi.advanceTimersByTimeAsync(ms) };
}

const refused = { status: 401, code: 'unauthorized' };

test('a genuine token says who it belongs to', async (t) => {
  const { auth, sign } = await build(t);
  expect(await auth.verify(sign())).toMatchObject({ userId: 7, session: 'session-1' });
});

const seconds = () => Math.floor(Date.now() / 1_000);
const faults: [string, () => Record<string, unknown>][] = [
  ['has expired', () => ({ exp: seconds() - 1 })],
  ['is not valid yet', () => ({ nbf: seconds() + 60 })],
  ['comes from another issuer', () => ({ iss: 'somebody' })],
  ['is meant for another audience', () => ({ aud: 'somewhere' })],
  ['never expires', () => ({ exp: undefined })],
  ['has no id', () => ({ jti: undefined })],
  ['has no session', () => ({ sid: undefined })],
  ['names two users', () => ({ user_id: 8 })],
];
test.for(faults)('a token that %s is refused', async ([, changes], t) => {
  const { auth, sign } = await build(t);
  await expect(auth.verify(sign(changes()))).rejects.toMatchObject(refused);
});

test('a token signed with another key, or changed, is refused', async (t) => {
  const { auth, sign } = await build(t);
  const stranger = testTokens();
  await expect(auth.verify(stranger.sign())).rejects.toMatchObject(refused);
  const [header, , signature] = sign().split('.');
  const [, payload] = sign({ user_id: 8, sub: '8' }).split('.');
  await expect(auth.verify(`${header}.${payload}.${signature}`)).rejects.toMatchObject(refused);
});

test('the header of a token cannot choose the algorithm', async (t) => {
  const { auth, sign, source } = await build(t);
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const [, payload] = sign().split('.');
  const none = `${encode({ alg: 'none', kid: 'key-1' })}.${payload}.`;
  await expect(auth.verify(none)).rejects.toMatchObject(refused);
  // The classic: the public key, which everybody has, as the secret of an HMAC.
  const publicKey = (await source.keys()).get('key-1')?.export({ type: 'spki', format: 'pem' });
  const signed = `${encode({ alg: 'HS256', kid: 'key-1' })}.${payload}`;
  const mac = createHmac('sha256', publicKey ?? '')
    .update(signed)
    .digest('base64url');
  await expect(auth.verify(`${signed}.${mac}`)).rejects.toMatchObject(refused);
});

test.for(['', 'nonsense', 'a.b.c', 'x'.repeat(100_000)])('%.10s is no token', async (text, t) => {
  const { auth } = await build(t);
  await expect(auth.verify(text)).rejects.toMatchObject(refused);
});

test('a token that was verified before is refused once it has expired', async (t) => {
  const { auth, sign, pass } = await build(t);
  const token = sign({ exp: seconds() + 10 });
  await auth.verify(token);
  await pass(11_000);
  await expect(auth.verify(token)).rejects.toMatchObject(refused);
});

test('a revoked session is refused within a second, and listeners hear of it once', async (t) => {
  const { auth, sign, revoke, pass } = await build(t);
  const heard: string[] = [];
  auth.onRevoked((session) => heard.push(session));
  const token = sign();
  await auth.verify(token);
  revoke('session-1');
  await pass(1_000);
  await expect(auth.verify(token)).rejects.toMatchObject(refused);
  auth.learnRevoked('session-1', seconds() + 60);
  expect(heard).toEqual(['session-1']);
});

test('an event revokes at once, before the catch-up', async (t) => {
  const { auth, sign } = await build(t);
  auth.learnRevoked('session-1', seconds() + 60);
  await expect(auth.verify(sign())).rejects.toMatchObject(refused);
});

test('while the tokens service is away, known keys and revocations go on working', async (t) => {
  const { auth, sign, source, revoke, pass } = await build(t);
  revoke('session-2');
  await pass(1_000);
  source.fail = true;
  await pass(600_000);
  expect(await auth.verify(sign())).toMatchObject({ userId: 7 });
  await expect(auth.verify(sign({ sid: 'session-2' }))).rejects.toMatchObject(refused);
});

test('a new signing key is fetched when the first token with it comes', async (t) => {
  const { auth, sign, rotate, pass } = await build(t);
  const before = sign();
  rotate();
  await pass(2_000);
  expect(await auth.verify(sign())).toMatchObject({ userId: 7 });
  expect(await auth.verify(before)).toMatchObject({ userId: 7 });
});

test('made-up key ids do not make us ask for keys more than once a second', async (t) => {
  const { auth, sign, source, pass } = await build(t);
  await pass(2_000);
  const before = source.asked.keys;
  for (let index = 0; index < 50; index += 1) {
    await expect(auth.verify(sign({}, { keyid: `made-up-${index}` }))).rejects.toMatchObject(
      refused,
    );
  }
  expect(source.asked.keys).toBe(before + 1);
});

test('it is ready only after the first sync', async (t) => {
  const tokens = testTokens();
  tokens.source.fail = true;
  const end = new AbortController();
  t.onTestFinished(() => end.abort());
  const options = { source: tokens.source, log: silentLog, signal: end.signal };
  let ready = false;
  const made = createSyncedAuthenticator(options).then((auth) => {
    ready = true;
    return auth;
  });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(ready).toBe(false);
  tokens.source.fail = false;
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await (await made).verify(tokens.sign())).toMatchObject({ userId: 7 });
});
