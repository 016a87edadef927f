/** Limits on signing in and registering, over HTTP: the client's address comes as the balancer gives it. */

import { type RunningService, startService } from '@microflack/common/service.ts';
import { createScope, random, type Scope } from '@microflack/common/testing/parts.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { users } from './service.ts';
import { freezable } from './testing/freezable.ts';
import {
  type Answer,
  call,
  newPerson,
  type Person,
  password,
  started,
  startWorld,
  type World,
} from './testing/world.ts';

const failuresPerAccount = 2;
const failuresPerNetwork = 8;
const scope = createScope();
let world: World;

beforeAll(async () => {
  world = await startWorld(scope, {
    users: {
      SIGN_IN_FAILURES_PER_ACCOUNT: String(failuresPerAccount),
      SIGN_IN_FAILURES_PER_NETWORK: String(failuresPerNetwork),
    },
  });
});
afterAll(() => scope.close());

/** Of 2001:db8::/32, which is for documentation; each call gives another network. */
const newAddress = (): string => {
  const [a, b] = [random().slice(0, 4), random().slice(0, 4)];
  return `2001:db8:${a}:${b}::1`;
};
const anotherUsers = (t: Scope, settings: Record<string, string>): Promise<RunningService> => {
  const MF_PROGRAM = `test-users-${random()}`;
  return started(t, startService(users, { ...world.usersEnvironment, MF_PROGRAM, ...settings }));
};
const at = (address: string, nickname: string, given: string): Promise<Answer> =>
  call(world.users, 'GET', '/api/users/me', { basic: [nickname, given], address });
const guess = async (times: number, address: string, nickname: () => string): Promise<void> => {
  for (let n = 0; n < times; n += 1) await at(address, nickname(), 'wrong password');
};

describe('guessing', () => {
  it('ends with 429 and Retry-After, also for the right password, and for no other network', async () => {
    const { nickname } = await newPerson(world);
    const address = newAddress();
    await guess(failuresPerAccount, address, () => nickname);
    const refused = await at(address, nickname, password);
    expect(refused).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await at(newAddress(), nickname, password)).status).toBe(200);
  });

  it('looks the same for a name that nobody has', async () => {
    const nickname = `nobody-${random()}`;
    const address = newAddress();
    await guess(failuresPerAccount, address, () => nickname);
    const refused = await at(address, nickname, password);
    expect(refused).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
  });

  it('is counted under one account, however its name is written', async () => {
    const { nickname } = await newPerson(world);
    const address = newAddress();
    await guess(failuresPerAccount - 1, address, () => nickname.toUpperCase());
    await guess(1, address, () => ` ${nickname} `);
    expect((await at(address, nickname, password)).status).toBe(429);
  });

  it('of many accounts from one network is limited too, over its whole /64', async () => {
    const address = newAddress();
    await guess(failuresPerNetwork, address, () => `nobody-${random()}`);
    const neighbour = address.replace('::1', '::2');
    expect((await at(neighbour, 'nobody', password)).status).toBe(429);
  });

  it('many at once learns no more than one after the other', async () => {
    const { nickname } = await newPerson(world);
    const address = newAddress();
    const guesses = Array.from({ length: 6 }, (_, n) => (n === 5 ? password : `wrong-${n}-----`));
    const answers = await Promise.all(guesses.map((given) => at(address, nickname, given)));
    expect(answers.at(-1)?.status).toBe(429);
  });
});

describe('a lockout', () => {
  it('made from elsewhere does not reach the owner where they signed in before', async () => {
    const { nickname } = await newPerson(world);
    const home = newAddress();
    expect((await at(home, nickname, password)).status).toBe(200);
    for (let n = 0; n < failuresPerAccount * 10; n += 1) {
      await at(newAddress(), nickname, 'wrong password');
    }
    expect((await at(newAddress(), nickname, password)).status).toBe(429);
    expect((await at(home, nickname, password)).status).toBe(200);
  });

  it('of a whole network does not reach who signed in from it before', async () => {
    const { nickname } = await newPerson(world);
    const shared = newAddress();
    expect((await at(shared, nickname, password)).status).toBe(200);
    await guess(failuresPerNetwork, shared, () => `nobody-${random()}`);
    expect((await at(shared, nickname, password)).status).toBe(200);
    expect((await at(shared, `new-${random()}`, password)).status).toBe(429);
  });
});

describe('the tokens service', () => {
  it('hands on the address of the client, and the 429 with its Retry-After', async () => {
    const { nickname } = await newPerson(world);
    const address = newAddress();
    const token = (given: string, from: string) =>
      call(world.tokens, 'POST', '/api/tokens', { basic: [nickname, given], address: from });
    for (let n = 0; n < failuresPerAccount; n += 1) {
      expect((await token('wrong password', address)).status).toBe(401);
    }
    const refused = await token(password, address);
    expect(refused).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await token(password, newAddress())).status).toBe(200);
  });
});

describe('without Redis', () => {
  const worksAt = async (instance: { url: string }): Promise<void> => {
    const nickname = `p-${random()}`;
    const address = newAddress();
    const me = (given: string) =>
      call(instance, 'GET', '/api/users/me', { basic: [nickname, given], address });
    const body = { nickname, password };
    expect((await call(instance, 'POST', '/api/users', { body, address })).status).toBe(201);
    expect((await me(password)).status).toBe(200);
    for (let n = 0; n < failuresPerAccount; n += 1) await me('wrong password');
    expect((await me(password)).status).toBe(429);
  };

  it('that is gone, people register, sign in, and are limited all the same', async (t) => {
    await worksAt(await anotherUsers(t, { REDIS_URL: 'redis://127.0.0.1:1' }));
  });

  it('that froze, they are too', async (t) => {
    const redis = await freezable(t, world.usersEnvironment.REDIS_URL ?? '');
    const instance = await anotherUsers(t, { REDIS_URL: redis.url });
    redis.freeze();
    await worksAt(instance);
  });
});

describe('registering', () => {
  it('is limited by address, and answers 429 beyond', async (t) => {
    const instance = await anotherUsers(t, { REGISTRATIONS_PER_MINUTE: '2' });
    const address = newAddress();
    const register = async (): Promise<number> => {
      const body = { nickname: `p-${random()}`, password };
      return (await call(instance, 'POST', '/api/users', { body, address })).status;
    };
    expect([await register(), await register(), await register()]).toEqual([201, 201, 429]);
  });
});

describe('more passwords than threads and queue can take', () => {
  it('are answered with 503 and Retry-After at once', async (t) => {
    const instance = await anotherUsers(t, { HASH_WORKERS: '1', HASH_QUEUE: '2' });
    const person: Person = await newPerson(world);
    const answers = await Promise.all(
      Array.from({ length: 12 }, () =>
        call(instance, 'GET', '/api/users/me', { basic: person.login, address: newAddress() }),
      ),
    );
    const refused = answers.filter(({ status }) => status === 503);
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(3);
    expect(refused.length).toBeGreaterThan(0);
    for (const { headers, body } of refused) {
      expect(body).toMatchObject({ code: 'busy' });
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }
  });
});
