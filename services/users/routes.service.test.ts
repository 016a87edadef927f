/** Every row of the wire's table that is about people, and every way in which the predecessor got it wrong. */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { User } from '@microflack/common/events/models.ts';
import { createScope, random } from '@microflack/common/testing/parts.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  call,
  newPerson,
  type Person,
  password,
  refusal,
  signIn,
  startWorld,
  unauthorized,
  type World,
} from './testing/world.ts';

const scope = createScope();
let world: World;
let ada: Person;
let token: string;

beforeAll(async () => {
  world = await startWorld(scope);
  ada = await newPerson(world);
  token = await signIn(world, ada);
});
afterAll(() => scope.close());

const users = (method: string, path: string, options = {}) =>
  call(world.users, method, path, options);
const problem = { type: 'about:blank', title: 'Bad Request', status: 400, code: 'invalid_request' };
/** Events about one person so far. */
const toldOf = async (id: number): Promise<User[]> =>
  (await world.events()).flatMap((event) =>
    event.type === 'user.changed' && event.user.id === id ? [event.user] : [],
  );

describe('POST /api/users', () => {
  it('answers 201 with the person, offline, and where they are; and tells of them', async () => {
    const nickname = `  Zoë 🍣 林 ${random()} `;
    const { status, headers, body } = await users('POST', '/api/users', {
      body: { nickname, password },
    });
    expect(status).toBe(201);
    const seconds = expect.closeTo(Date.now() / 1000, -1);
    const id = Number(headers.get('location')?.split('/').at(-1));
    expect(body).toEqual({
      id,
      nickname: nickname.trim(),
      created_at: seconds,
      updated_at: seconds,
      last_seen_at: seconds,
      online: false,
      _links: {
        self: `/api/users/${id}`,
        messages: `/api/messages?user_id=${id}`,
        tokens: '/api/tokens',
      },
    });
    expect(await toldOf(id)).toEqual([body]);
    expect((await users('GET', `/api/users/${id}`)).body).toEqual(body);
  });

  it.each([
    ['no nickname', { password }],
    ['no password', { nickname: 'x' }],
    ['an empty object', {}],
    ['an empty nickname', { nickname: '  ', password }],
    ['a nickname of 33 characters', { nickname: 'x'.repeat(33), password }],
    ['a nickname that is a number', { nickname: 5, password }],
    ['a nickname that is null', { nickname: null, password }],
    ['an empty password', { nickname: 'x', password: '' }],
    ['a password of 7 characters', { nickname: 'x', password: '1234567' }],
    ['a password of 73 bytes', { nickname: 'x', password: 'x'.repeat(73) }],
    ['a password that is a number', { nickname: 'x', password: 12345678 }],
    ['an id', { nickname: 'x', password, id: 1 }],
    ['a password hash', { nickname: 'x', password, password_hash: 'x' }],
  ])('refuses %s with 400', async (_, body) => {
    const answer = await users('POST', '/api/users', { body });
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer).toMatchObject({ status: 400, body: problem });
  });

  it.each([
    ['half an object', '{"nickname":'],
    ['null', 'null'],
    ['a list', '[]'],
    ['a string', '"x"'],
  ])('refuses %s with 400', async (_, text) => {
    const answer = await users('POST', '/api/users', { text });
    expect(answer).toMatchObject({ status: 400, body: { status: 400, code: 'invalid_json' } });
  });

  it('refuses an empty body with 400', async () => {
    expect((await users('POST', '/api/users', { text: '' })).status).toBe(400);
  });

  it('refuses a nickname that is taken, in whatever case', async () => {
    const answer = await users('POST', '/api/users', {
      body: { nickname: ada.nickname.toUpperCase(), password },
    });
    expect(answer).toMatchObject({ status: 400, body: { code: 'nickname_taken' } });
  });

  it('knows one emoji from another, and one accent from none', async () => {
    const tag = random();
    for (const nickname of [`🍣${tag}`, `🍺${tag}`, `Jose ${tag}`, `José ${tag}`]) {
      await newPerson(world, nickname);
    }
  });

  it('gives a nickname to one of many who ask at the same time, and 400 to the others', async () => {
    const body = { nickname: `race-${random()}`, password };
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => users('POST', '/api/users', { body })),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([201, 400, 400, 400, 400, 400]);
  });
});

describe('GET /api/users', () => {
  it('is open to anonymous, to a token, and to another scheme; not to a bad token', async () => {
    expect((await users('GET', '/api/users')).status).toBe(200);
    expect((await users('GET', '/api/users', { token })).status).toBe(200);
    expect((await users('GET', '/api/users', { basic: ['no', 'body'] })).status).toBe(200);
    expect(refusal(await users('GET', '/api/users', { token: 'bad-token' }))).toEqual(unauthorized);
    expect(refusal(await users('GET', '/api/users', { token: '' }))).toEqual(unauthorized);
  });

  it.each([
    'updated_since=yesterday',
    'updated_since=1.5',
    'updated_since=-1',
    'updated_since=1&updated_since=2',
    'online=yes',
    'limit=0',
    'limit=100000',
    'cursor=x',
  ])('answers 400 to ?%s', async (query) => {
    expect(await users('GET', `/api/users?${query}`)).toMatchObject({ status: 400, body: problem });
  });
});

describe('GET /api/users/ID', () => {
  it('answers with the person, or 404', async () => {
    const found = await users('GET', `/api/users/${ada.id}`);
    expect(found).toMatchObject({ status: 200, body: { id: ada.id, nickname: ada.nickname } });
    for (const id of [
      '4000000000',
      '0',
      '-1',
      '1.5',
      'ada',
      '99999999999999999999',
      '1e3',
      '%00',
    ]) {
      const missing = await users('GET', `/api/users/${id}`);
      expect(missing).toMatchObject({ status: 404, body: { status: 404, code: 'not_found' } });
    }
  });

  it('refuses a bad token and takes another scheme for anonymous', async () => {
    const path = `/api/users/${ada.id}`;
    expect(refusal(await users('GET', path, { token: 'bad-token' }))).toEqual(unauthorized);
    expect((await users('GET', path, { basic: ['no', 'body'] })).status).toBe(200);
  });
});

describe('PUT /api/users/ID', () => {
  it('changes a nickname, answers 204, and tells of it', async () => {
    const person = await newPerson(world);
    const own = await signIn(world, person);
    const path = `/api/users/${person.id}`;
    const nickname = `renamed-${random()} 🍣`;
    const answer = await users('PUT', path, { token: own, body: { nickname } });
    expect(answer).toMatchObject({ status: 204, body: '' });
    expect((await users('GET', path)).body).toMatchObject({ nickname });
    expect((await toldOf(person.id)).at(-1)).toMatchObject({ nickname });
  });

  it('changes a password: the old one is no good any more', async () => {
    const person = await newPerson(world);
    const own = await signIn(world, person);
    const body = { password: 'another horse' };
    const path = `/api/users/${person.id}`;
    expect((await users('PUT', path, { token: own, body })).status).toBe(204);
    const signInWith = async (given: string) =>
      (await users('GET', '/api/users/me', { basic: [person.nickname, given] })).status;
    expect(await signInWith(password)).toBe(401);
    expect(await signInWith(body.password)).toBe(200);
  });

  it('lets a person write their own nickname otherwise, and refuses one of somebody else', async () => {
    const person = await newPerson(world);
    const own = await signIn(world, person);
    const rename = (nickname: string) =>
      users('PUT', `/api/users/${person.id}`, { token: own, body: { nickname } });
    expect((await rename(person.nickname.toUpperCase())).status).toBe(204);
    expect(await rename(ada.nickname)).toMatchObject({
      status: 400,
      body: { code: 'nickname_taken' },
    });
  });

  it('answers 401 without a token, 404 for nobody, 403 for somebody else', async () => {
    const other = await newPerson(world);
    const body = { nickname: 'mine now' };
    const path = `/api/users/${other.id}`;
    expect(refusal(await users('PUT', path, { body }))).toEqual(unauthorized);
    expect(refusal(await users('PUT', path, { body, basic: ada.login }))).toEqual(unauthorized);
    expect((await users('PUT', '/api/users/4000000000', { body, token })).status).toBe(404);
    expect(await users('PUT', path, { body, token })).toMatchObject({
      status: 403,
      body: { status: 403, code: 'not_yourself' },
    });
  });

  it.each([
    [{ nickname: '' }],
    [{ nickname: null }],
    [{ nickname: 'x'.repeat(33) }],
    [{ password: 12345678 }],
    [{ password: 'short' }],
    [{ id: 1 }],
    [{ online: true }],
  ])('answers 400 to %j', async (body) => {
    const answer = await users('PUT', `/api/users/${ada.id}`, { body, token });
    expect(answer).toMatchObject({ status: 400, body: problem });
  });
});

describe('GET /api/users/me', () => {
  it('answers with the person and marks them online, which is told once', async () => {
    const person = await newPerson(world);
    for (const _ of [1, 2]) {
      const answer = await users('GET', '/api/users/me', { basic: person.login });
      expect(answer).toMatchObject({ status: 200, body: { id: person.id, online: true } });
    }
    expect((await toldOf(person.id)).map(({ online }) => online)).toEqual([false, true]);
  });

  it('takes names and passwords in UTF-8', async () => {
    const login: [string, string] = [`Zoë 🍣 ${random()}`, 'pässwörd:🍺'];
    await users('POST', '/api/users', { body: { nickname: login[0], password: login[1] } });
    expect((await users('GET', '/api/users/me', { basic: login })).status).toBe(200);
  });

  it('answers 401 to a wrong password, an unknown name, a token, and nothing', async () => {
    const me = (options: object) => users('GET', '/api/users/me', options);
    for (const options of [
      { basic: [ada.nickname, 'wrong password'] },
      { basic: [`nobody-${random()}`, password] },
      { token },
      {},
    ]) {
      expect(refusal(await me(options))).toEqual(unauthorized);
    }
  });

  it('does not take the first 72 bytes of a longer password for all of it', async () => {
    const login: [string, string] = [`long-${random()}`, 'x'.repeat(72)];
    await users('POST', '/api/users', { body: { nickname: login[0], password: login[1] } });
    const longer = await users('GET', '/api/users/me', { basic: [login[0], `${login[1]}y`] });
    expect(longer.status).toBe(401);
  });

  it('takes as long for a name that nobody has', { retry: 2 }, async () => {
    const time = async (name: string): Promise<number> => {
      const startedAt = performance.now();
      await users('GET', '/api/users/me', { basic: [name, 'wrong password'] });
      return performance.now() - startedAt;
    };
    const known = [await time(ada.nickname), await time(ada.nickname), await time(ada.nickname)];
    const unknown = [await time('nobody-1'), await time('nobody-2'), await time('nobody-3')];
    // Hashing is nearly all of it: without it an unknown name would take a twentieth.
    expect(Math.min(...unknown)).toBeGreaterThan(Math.min(...known) / 2);
  });
});

describe('PUT and DELETE /api/users/me', () => {
  it('bring a person online and take them off, told once each', async () => {
    const person = await newPerson(world);
    const own = await signIn(world, person);
    const online = async () => (await users('GET', `/api/users/${person.id}`)).body;
    for (const method of ['DELETE', 'DELETE', 'PUT', 'PUT']) {
      const answer = await users(method, '/api/users/me', { token: own });
      expect(answer).toMatchObject({ status: 204, body: '' });
      expect(await online()).toMatchObject({ online: method === 'PUT' });
    }
    const told = (await toldOf(person.id)).map((user) => user.online);
    expect(told).toEqual([false, true, false, true]);
  });

  it('answer 401 without a good token', async () => {
    for (const method of ['PUT', 'DELETE']) {
      const me = (options: object) => users(method, '/api/users/me', options);
      expect(refusal(await me({}))).toEqual(unauthorized);
      expect(refusal(await me({ token: 'bad-token' }))).toEqual(unauthorized);
      expect(refusal(await me({ basic: ada.login }))).toEqual(unauthorized);
    }
  });
});

describe('other methods', () => {
  it.each([
    ['DELETE', '/api/users', 'GET, HEAD, POST'],
    ['PUT', '/api/users', 'GET, HEAD, POST'],
    ['POST', '/api/users/me', 'GET, HEAD, PUT, DELETE'],
    ['DELETE', '/api/users/1', 'GET, HEAD, PUT'],
    ['PATCH', '/api/users/1', 'GET, HEAD, PUT'],
  ])('%s %s is 405 and says what is allowed', async (method, path, allowed) => {
    const answer = await users(method, path);
    expect(answer).toMatchObject({ status: 405, body: { code: 'method_not_allowed' } });
    expect(answer.headers.get('allow')?.split(', ').sort()).toEqual(allowed.split(', ').sort());
  });
});

it('a request that is sent half keeps nobody waiting', async (t) => {
  const { hostname, port } = new URL(world.users.url);
  const socket = connect(Number(port), hostname);
  t.onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  socket.write('POST /api/users HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n');
  socket.write('content-length: 1000\r\n\r\n{"nickname":');
  expect((await users('GET', `/api/users/${ada.id}`)).status).toBe(200);
});
