/** The list of people by filter and page, on a schema whose people are known. */
import { createScope } from '@microflack/common/testing/parts.ts';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { call, startWorld, type World } from './testing/world.ts';

const scope = createScope();
let world: World;

/** In the order of the list: by updated_at, then by nickname. */
const people = [
  { nickname: 'dora', updated_at: 100, online: 0 },
  { nickname: 'Ada', updated_at: 200, online: 1 },
  { nickname: 'bob', updated_at: 200, online: 0 },
  { nickname: '林', updated_at: 200, online: 1 },
  { nickname: 'cem', updated_at: 300, online: 1 },
];
const inOrder = people.map(({ nickname }) => nickname);

beforeAll(async () => {
  world = await startWorld(scope);
  const connection = await createConnection(world.usersEnvironment.MYSQL_URL ?? '');
  const rows = people
    .toReversed()
    .map(({ nickname, updated_at, online }) => [nickname, '', 1, updated_at, 1, online]);
  await connection.query(
    'INSERT INTO users (nickname, password_hash, created_at, updated_at, last_seen_at, online) VALUES ?',
    [rows],
  );
  await connection.end();
});
afterAll(() => scope.close());

const page = z.object({
  users: z.array(z.object({ nickname: z.string() })),
  next: z.string().optional(),
});
const list = async (query = ''): Promise<{ names: string[]; next: string | undefined }> => {
  const { body } = await call(world.users, 'GET', `/api/users?${query}`);
  const { users, next } = page.parse(body);
  return { names: users.map(({ nickname }) => nickname), next };
};

it('is by updated_at and nickname', async () => {
  expect(await list()).toEqual({ names: inOrder, next: undefined });
});

it('can be of those who are online, and of those who are not', async () => {
  expect((await list('online=1')).names).toEqual(['Ada', '林', 'cem']);
  expect((await list('online=0')).names).toEqual(['dora', 'bob']);
});

it('can be of those who changed since, that second included', async () => {
  expect((await list('updated_since=200')).names).toEqual(inOrder.slice(1));
  expect((await list('updated_since=201&online=1')).names).toEqual(['cem']);
  expect((await list('updated_since=999999999999')).names).toEqual([]);
});

it.each([1, 2, 3, 5])('can be walked in pages of %i, meeting everybody once', async (limit) => {
  const met: string[] = [];
  let cursor: string | undefined;
  do {
    const { names, next } = await list(`limit=${limit}${cursor ? `&cursor=${cursor}` : ''}`);
    expect(names.length).toBeLessThanOrEqual(limit);
    met.push(...names);
    cursor = next;
  } while (cursor);
  expect(met).toEqual(inOrder);
});
