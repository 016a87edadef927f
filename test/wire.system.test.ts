/**
 * The REST wire of the Python MicroFlack, endpoint by endpoint, through HAProxy: people, tokens, the page, and what holds
 * for all. wire-messages.system.test.ts and wire-sockets.system.test.ts have the rest.
 */
import { userModel } from '@microflack/common/events/models.ts';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { expectProblem, expectUnauthorized } from './client/expect.ts';
import { call } from './client/http.ts';
import {
  aPerson,
  claimsOf,
  freshName,
  type Person,
  password,
  post,
  signIn,
  userOf,
} from './client/person.ts';

const userList = z.object({ users: z.array(userModel) });

let susan: Person;
let david: Person;

beforeAll(async () => {
  [susan, david] = await Promise.all([aPerson(), aPerson()]);
});

const nowSeconds = (): number => Math.floor(Date.now() / 1_000);

describe('/api/users', () => {
  test('POST registers somebody, who is offline at first', async () => {
    const nickname = freshName();
    const { status, headers, body } = await call('POST', '/api/users', {
      json: { nickname, password },
    });
    expect(status).toBe(201);
    const user = userModel.parse(body);
    expect(headers.location).toBe(`/api/users/${user.id}`);
    expect(user).toMatchObject({
      nickname,
      online: false,
      _links: { self: `/api/users/${user.id}`, tokens: '/api/tokens' },
    });
    expect(Math.abs(user.created_at - nowSeconds())).toBeLessThan(60);
    expect((await call('GET', user._links.messages)).status).toBe(200);
    expect(await userOf(user)).toEqual(user);
  });

  test.for([
    ['no password', () => ({ json: { nickname: freshName() } })],
    ['no nickname', () => ({ json: { password } })],
    ['a nickname that is taken', () => ({ json: { nickname: susan.nickname, password } })],
    ['no JSON', () => ({ text: '{"nickname": ' })],
  ] as const)('POST with %s is a 400', async ([, request]) => {
    expectProblem(await call('POST', '/api/users', request()), 400);
  });

  test('GET lists people by the time of their last change, and those who are online or not', async () => {
    await call('PUT', '/api/users/me', { bearer: susan.token });
    await call('DELETE', '/api/users/me', { bearer: david.token });
    const list = async (query: string) =>
      userList.parse((await call('GET', `/api/users${query}`)).body).users;

    const all = await list('');
    const order = ({ updated_at, nickname }: (typeof all)[number]) =>
      `${String(updated_at).padStart(12, '0')} ${nickname}`;
    expect(all.map(order)).toEqual(all.map(order).toSorted());
    const { updated_at } = await userOf(susan);
    const ids = async (query: string) => (await list(query)).map(({ id }) => id);
    expect(await ids(`?updated_since=${updated_at}`)).toContain(susan.id);
    expect(await ids(`?updated_since=${updated_at + 1}`)).not.toContain(susan.id);
    const [here, away] = [await ids('?online=1'), await ids('?online=0')];
    expect([here, away].map((some) => some.includes(susan.id))).toEqual([true, false]);
    expect([here, away].map((some) => some.includes(david.id))).toEqual([false, true]);
  });
});

describe('/api/users/ID', () => {
  test('GET is a user, and a 404 for nobody', async () => {
    expect(await userOf(susan)).toMatchObject({ id: susan.id, nickname: susan.nickname });
    expectProblem(await call('GET', '/api/users/999999999'), 404);
  });

  test('PUT changes nickname and password', async () => {
    const person = await aPerson();
    const [nickname, secret] = [freshName(), 'battery staple'];
    const { status, body } = await call('PUT', `/api/users/${person.id}`, {
      bearer: person.token,
      json: { nickname, password: secret },
    });
    expect([status, body]).toEqual([204, '']);
    expect((await userOf(person)).nickname).toBe(nickname);
    await signIn([nickname, secret]);
    expectUnauthorized(await call('POST', '/api/tokens', { basic: [nickname, password] }));
  });

  test('PUT is for oneself alone', async () => {
    const path = `/api/users/${susan.id}`;
    const json = { nickname: freshName() };
    expectUnauthorized(await call('PUT', path, { json }));
    expectProblem(await call('PUT', path, { bearer: david.token, json }), 403);
    expectProblem(await call('PUT', '/api/users/999999999', { bearer: david.token, json }), 404);
  });
});

describe('/api/users/me', () => {
  test('GET with name and password is oneself, who is online from then on', async () => {
    await call('DELETE', '/api/users/me', { bearer: susan.token });
    const { status, body } = await call('GET', '/api/users/me', { basic: susan.login });
    expect(status).toBe(200);
    expect(userModel.parse(body)).toMatchObject({ id: susan.id, online: true });
    expectUnauthorized(await call('GET', '/api/users/me'));
    expectUnauthorized(
      await call('GET', '/api/users/me', { basic: [susan.nickname, 'wrong horse'] }),
    );
  });

  test('PUT is to come online, DELETE is to leave', async () => {
    for (const [method, online] of [
      ['PUT', true],
      ['DELETE', false],
      ['PUT', true],
    ] as const) {
      expect((await call(method, '/api/users/me', { bearer: david.token })).status).toBe(204);
      expect((await userOf(david)).online).toBe(online);
      expectUnauthorized(await call(method, '/api/users/me'));
    }
  });
});

describe('/api/tokens', () => {
  test('POST gives a token of an hour for name and password', async () => {
    const { exp, user_id } = claimsOf(await signIn(susan.login));
    expect(user_id).toBe(susan.id);
    expect(Math.abs(exp - nowSeconds() - 3_600)).toBeLessThan(60);
    expectUnauthorized(await call('POST', '/api/tokens'));
    expectUnauthorized(await call('POST', '/api/tokens', { basic: [susan.nickname, 'wrong'] }));
    expectUnauthorized(await call('POST', '/api/tokens', { bearer: susan.token }));
  });

  test('DELETE ends a token for every service, and no other token', async () => {
    const [bearer, other] = [await signIn(susan.login), await signIn(susan.login)];
    const { id } = await post(bearer, 'before');
    expect((await call('DELETE', '/api/tokens', { bearer })).status).toBe(204);
    for (const [method, path] of [
      ['DELETE', '/api/tokens'],
      ['PUT', '/api/users/me'],
      ['PUT', `/api/users/${susan.id}`],
      ['POST', '/api/messages'],
      ['PUT', `/api/messages/${id}`],
      ['GET', '/api/messages'],
      ['GET', '/api/users'],
    ] as const) {
      const json = method === 'GET' ? undefined : { source: 'after', nickname: freshName() };
      expectUnauthorized(await call(method, path, { bearer, json }));
    }
    expect((await call('PUT', '/api/users/me', { bearer: other })).status).toBe(204);
  });
});

test('GET / is the page', async () => {
  const { status, headers, body } = await call('GET', '/');
  expect(status).toBe(200);
  expect(headers['content-type']).toMatch(/^text\/html/);
  expect(body).toMatch(/<!doctype html>/i);
});

const open = [['/api/users'], ['/api/messages']] as const;

test.for(open)(
  'where no token is needed (%s), another scheme is nobody and a bad token is refused',
  async ([path]) => {
    expect((await call('GET', path, { basic: ['who', 'ever'] })).status).toBe(200);
    expectUnauthorized(await call('GET', path, { bearer: 'rubbish' }));
    expectUnauthorized(await call('GET', path, { bearer: `${susan.token}x` }));
  },
);

test.for([
  ['PATCH', '/api/users'],
  ['DELETE', '/api/users'],
  ['POST', '/api/users/me'],
  ['GET', '/api/tokens'],
  ['PUT', '/api/messages'],
  ['POST', '/api/messages/1'],
])('%s %s is a 405', async ([method = '', path = '']) => {
  const answer = await call(method, path, { bearer: susan.token, json: {} });
  expectProblem(answer, 405);
  expect(answer.headers.allow).not.toContain(method);
});
