/** Presence as socketio instances and browsers bring it about: over HTTP, with two instances of users. */
import { startService } from '@microflack/common/service.ts';
import { createScope, random } from '@microflack/common/testing/parts.ts';
import { until } from '@microflack/common/testing/until.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { users } from './service.ts';
import {
  call,
  newPerson,
  type Person,
  signIn,
  started,
  startWorld,
  type World,
} from './testing/world.ts';

/** Short enough to be waited for, long enough to be renewed. */
const leaseMs = 600;
const scope = createScope();
let world: World;
let other: { url: string };

beforeAll(async () => {
  const leases = { PRESENCE_LEASE_MS: String(leaseMs), REST_LEASE_MS: String(leaseMs) };
  world = await startWorld(scope, { users: { ...leases, SWEEP_INTERVAL_MS: '20' } });
  const environment = { ...world.usersEnvironment, MF_PROGRAM: `test-users-${random()}` };
  other = await started(scope, startService(users, environment));
});
afterAll(() => scope.close());

const report = (instance: { url: string }, holder: string, online: unknown[]) =>
  call(instance, 'POST', '/internal/users/presence', {
    body: { holder, online },
    headers: { 'x-microflack-internal': world.usersEnvironment.INTERNAL_KEY ?? '' },
  });
const isOnline = async ({ id }: Person): Promise<boolean> => {
  const { body } = await call(world.users, 'GET', `/api/users/${id}`);
  return typeof body === 'object' && body !== null && 'online' in body && body.online === true;
};
/** What was told of a person since they registered: online or not. */
const told = async ({ id }: Person): Promise<boolean[]> =>
  (await world.events())
    .flatMap((event) => (event.type === 'user.changed' && event.user.id === id ? [event.user] : []))
    .map(({ online }) => online)
    .slice(1);

/** It is told after it was stored. */
const untilToldOffline = (person: Person) =>
  until('they are offline', async () => (await told(person)).at(-1) === false);

describe('somebody with tabs at two socketio instances', () => {
  it('stays online while either of them holds them, and two events are told in all', async () => {
    const ada = await newPerson(world);
    const [s1, s2] = [`socketio-${random()}`, `socketio-${random()}`];
    expect(await report(world.users, s1, [ada.id])).toMatchObject({ status: 204, body: '' });
    await report(other, s2, [ada.id]);
    await report(world.users, s1, [ada.id]);
    await report(other, s1, []);
    expect(await isOnline(ada)).toBe(true);
    await report(world.users, s2, []);
    expect(await isOnline(ada)).toBe(false);
    expect(await told(ada)).toEqual([true, false]);
  });

  it('goes offline when both have crashed, told once by the two instances that look for it', async () => {
    const ada = await newPerson(world);
    await report(world.users, `socketio-${random()}`, [ada.id]);
    await report(other, `socketio-${random()}`, [ada.id]);
    await untilToldOffline(ada);
    expect(await told(ada)).toEqual([true, false]);
  });
});

it('a holder that goes on reporting keeps its people past the end of the first lease', async () => {
  const [ada, bob] = [await newPerson(world), await newPerson(world)];
  const [alive, dead] = [`socketio-${random()}`, `socketio-${random()}`];
  await report(world.users, dead, [bob.id]);
  await until('the lease of the other holder is over', async () => {
    await report(world.users, alive, [ada.id]);
    return !(await isOnline(bob));
  });
  expect(await isOnline(ada)).toBe(true);
  expect(await told(ada)).toEqual([true]);
});

it('a sign-in by REST lasts for its lease and no longer', async () => {
  const ada = await newPerson(world);
  await signIn(world, ada);
  expect(await isOnline(ada)).toBe(true);
  await untilToldOffline(ada);
  expect(await isOnline(ada)).toBe(false);
  expect(await told(ada)).toEqual([true, false]);
});

describe('a report', () => {
  it('is a 404 to whoever does not know the key', async () => {
    const body = { holder: 'socketio-1', online: [] };
    for (const headers of [{}, { 'x-microflack-internal': 'guess' }]) {
      const answer = await call(world.users, 'POST', '/internal/users/presence', { body, headers });
      expect(answer.status).toBe(404);
    }
  });

  it.each([
    ['a holder that is a person', 'rest:1', []],
    ['an empty holder', '', []],
    ['an id that is text', 'socketio-1', ['1']],
    ['an id below 1', 'socketio-1', [0]],
    ['more than 20,000 people', 'socketio-1', Array.from({ length: 20_001 }, () => 1)],
  ])('of %s is a 400', async (_, holder, online) => {
    expect((await report(world.users, holder, online)).status).toBe(400);
  });

  it('of 20,000 people fits', async () => {
    const ids = Array.from({ length: 20_000 }, (_, n) => 4_000_000_000 + n);
    expect((await report(world.users, `socketio-${random()}`, ids)).status).toBe(204);
  });
});
