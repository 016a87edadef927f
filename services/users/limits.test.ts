import { ServiceError } from '@microflack/common/errors.ts';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createLimits, type Limits, type Origin } from './limits.ts';

const settings = {
  registrationsPerMinute: 3,
  signInFailuresPerAccount: 3,
  signInFailuresPerNetwork: 10,
};
const ada = { account: '1', network: '192.0.2.1' };

let limits: Limits;

beforeEach(() => {
  vi.useFakeTimers();
  limits = createLimits(
    (keyPrefix, points, duration) => new RateLimiterMemory({ keyPrefix, points, duration }),
    settings,
  );
});
afterEach(() => {
  vi.useRealTimers();
});

const fail = async (times: number, origin: (n: number) => Origin): Promise<void> => {
  for (let n = 0; n < times; n += 1) await limits.failed(origin(n));
};
const refusal = async (origin: Origin): Promise<ServiceError | undefined> => {
  try {
    await limits.assertMaySignIn(origin);
    return undefined;
  } catch (error) {
    if (error instanceof ServiceError) return error;
    throw error;
  }
};

it('an account is refused after so many failures from one network, and says for how long', async () => {
  await fail(2, () => ada);
  expect(await refusal(ada)).toBeUndefined();
  await fail(1, () => ada);
  const { status, headers } = (await refusal(ada)) ?? {};
  expect(status).toBe(429);
  expect(headers).toEqual({ 'retry-after': '300' });
});

it('is free again when the time is over', async () => {
  await fail(3, () => ada);
  await vi.advanceTimersByTimeAsync(300_000);
  expect(await refusal(ada)).toBeUndefined();
});

it('those who sign in are not counted, and start anew', async () => {
  await fail(2, () => ada);
  await limits.succeeded(ada);
  await fail(2, () => ada);
  expect(await refusal(ada)).toBeUndefined();
});

it('a network is refused after failures with many accounts', async () => {
  await fail(10, (n) => ({ account: `name-${n}`, network: ada.network }));
  expect(await refusal({ account: 'one more', network: ada.network })).toMatchObject({
    status: 429,
  });
  expect(await refusal({ account: 'one more', network: '192.0.2.2' })).toBeUndefined();
});

it('signing in to an own account does not clear what was counted of the network', async () => {
  await fail(10, (n) => ({ account: `name-${n}`, network: ada.network }));
  await limits.succeeded({ account: 'own', network: ada.network });
  expect(await refusal(ada)).toMatchObject({ status: 429 });
});

it('an account is refused to strangers after failures from many networks', async () => {
  await fail(30, (n) => ({ account: '1', network: `198.51.100.${n}` }));
  expect(await refusal({ account: '1', network: '203.0.113.1' })).toMatchObject({ status: 429 });
});

it('an attack from elsewhere does not lock out the owner where they signed in before', async () => {
  await limits.succeeded(ada);
  await fail(300, (n) => ({ account: '1', network: `198.51.100.${n % 250}` }));
  expect(await refusal(ada)).toBeUndefined();
});

it('an attack on others from a shared network does not lock out whoever is at home there', async () => {
  await limits.succeeded(ada);
  await fail(300, (n) => ({ account: `name-${n}`, network: ada.network }));
  expect(await refusal(ada)).toBeUndefined();
});

it('being at home does not make guessing free', async () => {
  await limits.succeeded(ada);
  await fail(3, () => ada);
  expect(await refusal(ada)).toMatchObject({ status: 429 });
});

it('so many people a minute register from one network', async () => {
  for (let n = 0; n < 3; n += 1) await limits.registering('192.0.2.1');
  await expect(limits.registering('192.0.2.1')).rejects.toMatchObject({ status: 429 });
  await limits.registering('192.0.2.2');
  await vi.advanceTimersByTimeAsync(60_000);
  await limits.registering('192.0.2.1');
});
