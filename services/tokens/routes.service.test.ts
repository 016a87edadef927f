/** Every row of the wire's table that is about tokens, and the life of a session from sign-in to revocation. */
import { startService } from '@microflack/common/service.ts';
import { createScope, random, type Scope } from '@microflack/common/testing/parts.ts';
import { until } from '@microflack/common/testing/until.ts';
import type { Express } from 'express';
import jwt from 'jsonwebtoken';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { users } from '../users/service.ts';
import {
  call,
  newPerson,
  type Person,
  refusal,
  signIn,
  started,
  startWorld,
  tokenOf,
  unauthorized,
  type World,
} from '../users/testing/world.ts';
import { newSession } from './claims.ts';
import { signingKeys } from './keys.ts';
import { tokens as tokensService } from './service.ts';
import { createSigner } from './signer.ts';

const scope = createScope();
let world: World;
let ada: Person;

beforeAll(async () => {
  world = await startWorld(scope);
  ada = await newPerson(world);
});
afterAll(() => scope.close());

const tokens = (method: string, options = {}) => call(world.tokens, method, '/api/tokens', options);
const internal = (path: string, key = world.tokensEnvironment.INTERNAL_KEY ?? '') =>
  call(world.tokens, 'GET', path, { headers: { 'x-microflack-internal': key } });
/** Whether a service lets the token in. */
const accepts = async (service: { url: string }, token: string): Promise<boolean> =>
  (await call(service, 'GET', '/api/users', { token })).status === 200;
/** A token of somebody who signed in that many hours ago, and whose laptop has slept since. */
const signedIn = (hoursAgo: number): string => {
  const keys = signingKeys.parse(world.tokensEnvironment.TOKEN_SIGNING_KEYS);
  return createSigner(keys).sign(
    newSession(ada.id, Math.floor(Date.now() / 1000) - hoursAgo * 3_600),
  );
};
const claims = (token: string) => jwt.decode(token, { json: true }) ?? {};

describe('POST /api/tokens', () => {
  it('answers with a token of one hour for a name and a password', async () => {
    const answer = await tokens('POST', { basic: ada.login });
    expect(answer).toMatchObject({ status: 200, body: { token: expect.any(String) } });
    const { user_id, exp } = claims(tokenOf(answer));
    expect(user_id).toBe(ada.id);
    expect(exp).toEqual(expect.closeTo(Date.now() / 1000 + 3_600, -1));
    expect(await accepts(world.users, tokenOf(answer))).toBe(true);
  });

  it('gives two tokens to two sign-ins within one second', async () => {
    const [first, second] = await Promise.all([signIn(world, ada), signIn(world, ada)]);
    expect(first).not.toBe(second);
    expect((await tokens('DELETE', { token: first })).status).toBe(204);
    expect((await tokens('PUT', { token: second })).status).toBe(200);
  });

  it('answers 401 to a wrong password, an unknown name, a token, and nothing', async () => {
    const token = await signIn(world, ada);
    const basic: [string, string] = [ada.nickname, 'wrong password'];
    for (const options of [{ basic }, { basic: ['nobody', 'password'] }, { token }, {}]) {
      expect(refusal(await tokens('POST', options))).toEqual(unauthorized);
    }
  });
});

describe('PUT /api/tokens', () => {
  it('answers with another token of the same session', async () => {
    const first = await signIn(world, ada);
    const second = tokenOf(await tokens('PUT', { token: first }));
    expect(claims(second)).toMatchObject({ user_id: ada.id, sid: claims(first).sid });
    expect(claims(second).jti).not.toBe(claims(first).jti);
    expect(await accepts(world.users, second)).toBe(true);
  });

  it('takes a token that has ended, for a day, though nobody else does', async () => {
    const slept = signedIn(20);
    expect(await accepts(world.users, slept)).toBe(false);
    expect(await accepts(world.users, tokenOf(await tokens('PUT', { token: slept })))).toBe(true);
    expect(refusal(await tokens('PUT', { token: signedIn(26) }))).toEqual(unauthorized);
  });

  it('takes none that has ended when its session was signed out', async () => {
    const slept = signedIn(2);
    expect((await tokens('DELETE', { token: slept })).status).toBe(204);
    expect(refusal(await tokens('PUT', { token: slept }))).toEqual(unauthorized);
  });

  it('answers 401 to a bad token, a password, and nothing', async () => {
    for (const options of [{ token: 'bad-token' }, { basic: ada.login }, {}]) {
      expect(refusal(await tokens('PUT', options))).toEqual(unauthorized);
    }
  });
});

describe('DELETE /api/tokens', () => {
  it('ends the session: its tokens, renewed ones too, are refused everywhere within a second', async () => {
    const first = await signIn(world, ada);
    const second = tokenOf(await tokens('PUT', { token: first }));
    const untouched = await signIn(world, ada);
    expect(await tokens('DELETE', { token: second })).toMatchObject({ status: 204, body: '' });
    for (const token of [first, second]) {
      await until('it is refused', async () => !(await accepts(world.users, token)), 1_000);
      expect(refusal(await tokens('PUT', { token }))).toEqual(unauthorized);
      expect(refusal(await tokens('DELETE', { token }))).toEqual(unauthorized);
    }
    expect(await accepts(world.users, untouched)).toBe(true);
    expect(await world.events()).toContainEqual({
      type: 'token.revoked',
      session: claims(first).sid,
      expires_at: expect.any(Number),
    });
  });

  it('answers 204 to one who asks twice at the same time', async () => {
    const token = await signIn(world, ada);
    const answers = await Promise.all([
      tokens('DELETE', { token }),
      tokens('DELETE', { token }),
      tokens('DELETE', { token }),
    ]);
    // Whoever comes last may find it revoked.
    expect(answers.map(({ status }) => status)).toContain(204);
    for (const { status } of answers) expect([204, 401]).toContain(status);
  });

  it('answers 401 to a bad token, a password, and nothing', async () => {
    for (const options of [{ token: 'bad-token' }, { basic: ada.login }, {}]) {
      expect(refusal(await tokens('DELETE', options))).toEqual(unauthorized);
    }
  });
});

it.each(['GET', 'PATCH'])('%s /api/tokens is 405', async (method) => {
  const answer = await tokens(method);
  expect(answer).toMatchObject({ status: 405, body: { code: 'method_not_allowed' } });
  expect(answer.headers.get('allow')).toBe('POST, PUT, DELETE');
});

describe('/internal/tokens', () => {
  it('shows public keys and revoked sessions to whoever knows the key, and a 404 to others', async () => {
    const { body } = await internal('/internal/tokens/keys');
    expect(body).toEqual({ keys: [expect.objectContaining({ kty: 'EC', crv: 'P-256' })] });
    expect(JSON.stringify(body)).not.toContain('"d"');
    for (const path of ['/internal/tokens/keys', '/internal/tokens/revoked?after=0']) {
      expect((await internal(path)).status).toBe(200);
      expect((await internal(path, 'guess')).status).toBe(404);
    }
  });

  it('tells what was revoked after a number, in order, and the number to ask by next', async () => {
    const revoked = async (after: unknown): Promise<{ change: number; sessions: string[] }> => {
      const { body } = await internal(`/internal/tokens/revoked?after=${after}`);
      return JSON.parse(JSON.stringify(body));
    };
    const before = (await revoked(0)).change;
    const sessions = [];
    for (const token of [await signIn(world, ada), await signIn(world, ada)]) {
      await tokens('DELETE', { token });
      sessions.push({ session: claims(token).sid, expires_at: expect.any(Number) });
    }
    expect(await revoked(before)).toEqual({ change: before + 2, sessions, more: false });
    expect(await revoked(before + 2)).toMatchObject({ change: before + 2, sessions: [] });
    // A number of a database that is no more: everything is told again.
    expect(await revoked(1_000_000)).toMatchObject({ change: before + 2 });
    expect((await revoked(1_000_000)).sessions.length).toBeGreaterThanOrEqual(2);
    expect((await internal('/internal/tokens/revoked?after=x')).status).toBe(400);
    expect((await internal('/internal/tokens/revoked')).status).toBe(400);
  });
});

describe('a revoked session', () => {
  it('is refused within a second by who hears no events, because Redis is down', async (t) => {
    const environment = { ...world.usersEnvironment, REDIS_URL: 'redis://127.0.0.1:1' };
    const deaf = await started(
      t,
      startService(users, { ...environment, MF_PROGRAM: `test-users-${random()}` }),
    );
    const token = await signIn(world, ada);
    expect(await accepts(deaf, token)).toBe(true);
    await tokens('DELETE', { token });
    await until('it is refused', async () => !(await accepts(deaf, token)), 1_000);
  });

  it('is not brought back by a restart of everything', async () => {
    const token = await signIn(world, ada);
    await tokens('DELETE', { token });
    await world.users.stop();
    await world.tokens.stop();
    world.tokens = await started(scope, startService(tokensService, world.tokensEnvironment));
    world.users = await started(scope, startService(users, world.usersEnvironment));
    expect(refusal(await tokens('PUT', { token }))).toEqual(unauthorized);
    expect(await accepts(world.users, token)).toBe(false);
    expect(await accepts(world.users, await signIn(world, ada))).toBe(true);
  });

  it('is forgotten when its last token has ended', async (t) => {
    const connection = await createConnection(world.tokensEnvironment.MYSQL_URL ?? '');
    t.onTestFinished(() => connection.end());
    await connection.query(
      "INSERT INTO revocations (session, `change`, expires_at) VALUES ('old', 1000001, 1), ('new', 1000002, 4000000000)",
    );
    await started(
      t,
      startService(tokensService, {
        ...world.tokensEnvironment,
        MF_PROGRAM: `test-tokens-${random()}`,
      }),
    );
    const known = async () => {
      const sql = "SELECT session FROM revocations WHERE session IN ('old', 'new')";
      return JSON.stringify((await connection.query(sql))[0]);
    };
    await until('the old one is gone', async () => (await known()) === '[{"session":"new"}]');
  });
});

describe('while users is', () => {
  /** tokens alone, with a users service that does as it is told. */
  const withUsers = async (t: Scope, answer?: (app: Express) => void) => {
    await world.users.stop();
    const start = async ({ app }: { app: Express }) => {
      answer?.(app);
      return {};
    };
    if (answer) await started(t, startService({ ...users, start }, world.usersEnvironment));
    const environment = { ...world.tokensEnvironment, MF_PROGRAM: `test-tokens-${random()}` };
    const impatient = { ...environment, SIGN_IN_TIMEOUT_MS: '400' };
    return started(t, startService(tokensService, impatient));
  };
  const signInAt = async (service: { url: string }) => {
    const startedAt = performance.now();
    const answer = await call(service, 'POST', '/api/tokens', { basic: ada.login });
    return { ...answer, ms: performance.now() - startedAt };
  };
  const away = { status: 503, body: { status: 503, code: 'users_unavailable' } };

  it('gone, a sign-in is answered with 503 soon', async (t) => {
    const answer = await signInAt(await withUsers(t));
    expect(answer).toMatchObject(away);
    expect(answer.ms).toBeLessThan(2_000);
  });

  it('frozen, a sign-in is answered with 503 when its time is over', async (t) => {
    const frozen = (app: Express) => void app.get('/api/users/me', () => undefined);
    const answer = await signInAt(await withUsers(t, frozen));
    expect(answer).toMatchObject(away);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(answer.ms).toBeLessThan(2_000);
  });

  it('out of its mind, a sign-in is answered with 503', async (t) => {
    const mad = (app: Express) =>
      void app.get('/api/users/me', (_, response) => void response.json({ id: 'x' }));
    expect(await signInAt(await withUsers(t, mad))).toMatchObject(away);
  });
});
