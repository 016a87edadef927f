/**
 * What the Python MicroFlack got wrong, one by one, through HAProxy: it answered with a 500, let it through, lost it or
 * hung. edge.system.test.ts has what HAProxy itself keeps out.
 */
import { userModel } from '@microflack/common/events/models.ts';
import { until } from '@microflack/common/testing/until.ts';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { expectProblem, expectUnauthorized } from './client/expect.ts';
import { type Answer, call, patientCall } from './client/http.ts';
import {
  aPerson,
  freshName,
  mark,
  type Person,
  password,
  post,
  signIn,
  userOf,
} from './client/person.ts';
import { openSocket } from './client/socket.ts';
import { pidsOf } from './setup/whole.ts';

const patienceMs = 20_000;
/** 6 times less than the predecessor's hangs, and far more than it takes. */
const noHangMs = 5_000;

let susan: Person;
let david: Person;

beforeAll(async () => {
  [susan, david] = await Promise.all([aPerson(), aPerson()]);
});

const register = (nickname: unknown, secret: unknown = password) =>
  call('POST', '/api/users', { json: { nickname, password: secret } });
const rename = (nickname: string) =>
  call('PUT', `/api/users/${susan.id}`, { bearer: susan.token, json: { nickname } });
const say = (request: { json?: unknown; text?: string }) =>
  call('POST', '/api/messages', { bearer: susan.token, ...request });

describe('a 4xx with a problem, and not a 500 or a success, is the answer to', () => {
  const cases: [string, () => Promise<Answer>][] = [
    ['a time that is no number', () => call('GET', '/api/messages?updated_since=yesterday')],
    ['a time that is no number, of people', () => call('GET', '/api/users?updated_since=-1')],
    ['a nickname of 33 letters', () => register('n'.repeat(33))],
    ['a nickname of nothing', () => register('')],
    ['a nickname of spaces', () => register(' \t ')],
    ['a nickname that is a number', () => register(7)],
    ['a password of nothing', () => register(freshName(), '')],
    ['a password of 7 letters', () => register(freshName(), '1234567')],
    ['a password of 73 bytes, which bcrypt would cut', () => register(freshName(), 'p'.repeat(73))],
    ['a password that is a number', () => register(freshName(), 12345678)],
    ['a rename to a nickname that is taken', () => rename(david.nickname)],
    ['a rename to one that is taken in capitals', () => rename(david.nickname.toUpperCase())],
    ['a body that is null', () => say({ json: null })],
    ['a body that is a list', () => say({ json: [] })],
    ['a body that is a text', () => say({ json: 'hello' })],
    ['no body at all', () => call('POST', '/api/users')],
    ['a message of spaces', () => say({ json: { source: ' \n ' } })],
    ['a message that is null', () => say({ json: { source: null } })],
    [
      'a message with somebody else as its author',
      () => say({ json: { source: 'x', user_id: david.id } }),
    ],
    ['a message with its own html', () => say({ json: { source: 'x', html: '<b>x</b>' } })],
    ['a page larger than any list is', () => call('GET', '/api/messages?latest=100000')],
    ['a page of people larger than any list is', () => call('GET', '/api/users?limit=100000')],
    ['a path that cannot be decoded', () => call('GET', '/api/users/%ff')],
  ];
  test.for(cases)('%s', async ([, ask]) => {
    const answer = await ask();
    expectProblem(answer, answer.status);
    expect([400, 404]).toContain(answer.status);
  });

  test('a message of more than 64 KB', async () => {
    expectProblem(await say({ json: { source: 'x'.repeat(70_000) } }), 400);
    expectProblem(await say({ json: { source: 'x'.repeat(700_000) } }), 413);
  });
});

test('of many who register one nickname at the same time, one gets it', async () => {
  const json = { nickname: freshName(), password };
  const asking = Array.from({ length: 5 }, () => patientCall('POST', '/api/users', { json }));
  const statuses = (await Promise.all(asking)).map(({ status }) => status);
  expect(statuses.toSorted()).toEqual([201, 400, 400, 400, 400]);
});

test('two sign-ins within a second are two tokens, and ending one does not end the other', async () => {
  const [first, second] = [await signIn(susan.login), await signIn(susan.login)];
  expect(first).not.toBe(second);
  await call('DELETE', '/api/tokens', { bearer: first });
  expectUnauthorized(await call('PUT', '/api/users/me', { bearer: first }));
  expect((await call('PUT', '/api/users/me', { bearer: second })).status).toBe(204);
});

test.for([
  ['../../v1/agent/self'],
  ['a/b?c#d'],
  ['x'.repeat(7_000)],
  ['e30.e30.'],
  ['é'.normalize()],
])('a token that is none (%s) is a 401', async ([token = '']) => {
  const bearer = encodeURI(token);
  expectUnauthorized(await call('PUT', '/api/users/me', { bearer }));
});

test('emoji and CJK survive the whole way round, over REST and over sockets', async () => {
  const nickname = `漢字👩‍💻 ${mark()}`;
  const [person, { socket, updates }] = [await aPerson(nickname), await openSocket()];
  expect((await userOf(person)).nickname).toBe(nickname);
  expectProblem(await register(nickname), 400);

  const sources = ['🍣', '🍺', '🏳️‍🌈'].map((emoji) => `${mark()} ${emoji} 日本語 𠮷野家 ｶﾅ ع`);
  const [byRest = '', bySocket = '', edited = ''] = sources;
  const first = await post(person.token, byRest);
  await socket.emitWithAck('post_message', { source: bySocket }, person.token);
  await call('PUT', first._links.self, { bearer: person.token, json: { source: edited } });
  const heard = () => updates.flatMap((one) => (one.class === 'Message' ? [one.model] : []));
  for (const source of sources) {
    const arrived = () => heard().find((message) => message.source === source);
    const message = await until(`${source} arrives`, arrived, patienceMs);
    expect(message.html).toContain(source);
  }
  expect((await call('GET', first._links.self)).body).toMatchObject({ source: edited });
});

test('who closes one of two tabs stays online, who closes the only one does not', async () => {
  const [two, one] = [await aPerson(), await aPerson()];
  const tabs = [];
  for (const { token } of [two, two, one]) {
    const { socket } = await openSocket();
    await socket.emitWithAck('ping_user', token);
    tabs.push(socket);
  }
  const isOnline = async (person: Person) => (await userOf(person)).online;
  await until('both are online', async () => (await isOnline(two)) && (await isOnline(one)));

  const { updates } = await openSocket();
  const [, closed, only] = tabs;
  closed?.disconnect();
  // Closed after it, this one shows that the time for the other to have gone is over.
  only?.disconnect();
  await until('the one is offline', async () => !(await isOnline(one)), patienceMs);
  expect(await isOnline(two)).toBe(true);
  const seenOf = (person: Person) =>
    updates
      .filter(({ model }) => model.id === person.id)
      .map(({ model }) => userModel.parse(model).online);
  await until('it is pushed', () => seenOf(one).length > 0, patienceMs);
  expect([seenOf(two), seenOf(one)]).toEqual([[], [false]]);
});

test.for(['redis', 'consul'])('nothing hangs while %s is frozen', async (part) => {
  const [pid = 0] = await pidsOf([part]);
  expect(pid).toBeGreaterThan(1);
  process.kill(pid, 'SIGSTOP');
  onTestFinished(() => void process.kill(pid, 'SIGCONT'));
  const took = async (work: () => Promise<unknown>) => {
    const begun = performance.now();
    await work();
    return performance.now() - begun;
  };
  for (const work of [
    () => post(susan.token, `while ${part} is frozen`),
    () => signIn(david.login),
    () => aPerson(),
    () => userOf(david),
    () => call('GET', '/api/messages?latest=10'),
    () => call('PUT', '/api/users/me', { bearer: david.token }),
  ]) {
    expect(await took(work)).toBeLessThan(noHangMs);
  }
});
