import { expect, test, vi } from 'vitest';
import { createApi } from './api.ts';
import { createEndpoints, type TokenSource } from './endpoints.ts';
import type { HealthEvent } from './health.ts';

const signedOut: TokenSource = { current: () => undefined, replace: async () => undefined };
const json = (status: number, body: unknown, headers = {}) =>
  new Response(JSON.stringify(body), { status, headers });

function build(answer: (request: Request) => Response | Promise<Response>, tokens = signedOut) {
  const outcomes: HealthEvent[] = [];
  const fetch = vi.fn(async (path: RequestInfo | URL, init?: RequestInit) =>
    answer(new Request(new URL(String(path), 'http://chat.test'), init)),
  );
  const endpoints = createEndpoints(
    createApi({ fetch, onOutcome: (o) => outcomes.push(o) }),
    tokens,
  );
  return { endpoints, outcomes, fetch };
}

test('a problem becomes an error with its detail, and says whether a retry is worth it', async () => {
  const { endpoints, outcomes } = build(() =>
    json(400, { code: 'nickname_taken', detail: 'Taken.' }),
  );
  await expect(endpoints.register('ann', 'password')).rejects.toMatchObject({
    kind: 'refused',
    code: 'nickname_taken',
    message: 'Taken.',
  });
  expect(outcomes).toEqual([{ type: 'answered', service: 'users' }]);
});

test('a balancer without an instance is told apart from no network at all', async () => {
  const noInstance = build(() => json(503, { code: 'no_instance' }));
  await expect(noInstance.endpoints.people(0)).rejects.toMatchObject({ kind: 'unavailable' });
  expect(noInstance.outcomes).toEqual([{ type: 'unavailable', service: 'users' }]);

  const noNetwork = build(() => Promise.reject(new TypeError('Failed to fetch')));
  await expect(noNetwork.endpoints.people(0)).rejects.toMatchObject({ kind: 'unreachable' });
  expect(noNetwork.outcomes).toEqual([{ type: 'unreachable' }]);
});

test('too many requests say when to come back, and the service is not called down', async () => {
  const { endpoints, outcomes } = build(() => json(429, {}, { 'retry-after': '7' }));
  await expect(endpoints.signIn('ann', 'x')).rejects.toMatchObject({
    kind: 'busy',
    retryAfterMs: 7000,
  });
  expect(outcomes).toEqual([{ type: 'answered', service: 'tokens' }]);
});

test('an answer that is not what was agreed is an error, not a value', async () => {
  const { endpoints } = build(() =>
    json(200, { messages: [{ id: 'one' }], change: 1, more: false }),
  );
  await expect(endpoints.latest('general')).rejects.toThrow('not understood');
});

test('a nickname and a password in any script reach the server in UTF-8', async () => {
  const { endpoints } = build((request) =>
    json(200, { token: request.headers.get('authorization') }),
  );
  const basic = await endpoints.signIn('名前', 'pässwörd:1');
  expect(Buffer.from(basic.replace('Basic ', ''), 'base64').toString()).toBe('名前:pässwörd:1');
});

test('a refused token is replaced and the call made once more, with the same key', async () => {
  const keys: (string | null)[] = [];
  const tokens = { current: () => 'old', replace: vi.fn(async () => 'new') };
  const { endpoints } = build((request) => {
    keys.push(request.headers.get('idempotency-key'));
    const fresh = request.headers.get('authorization') === 'Bearer new';
    return fresh
      ? json(403, { detail: 'not yours' })
      : json(401, { error: 'authentication required' });
  }, tokens);
  await expect(endpoints.post({ key: 'k', room: 'general', source: 's' })).rejects.toMatchObject({
    status: 403,
  });
  expect(tokens.replace).toHaveBeenCalledExactlyOnceWith('old');
  expect(keys).toEqual(['k', 'k']);
});
