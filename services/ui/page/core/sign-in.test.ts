import { expect, test, vi } from 'vitest';
import { ApiError } from './api.ts';
import { register, signIn } from './sign-in.ts';

const unauthorized = new ApiError('refused', 'authentication required', { status: 401 });
const ann = { id: 1, updated_at: 1, nickname: 'Ann', online: true };

function build() {
  return {
    signIn: vi.fn(async (_nickname: string, _password: string) => 'token'),
    register: vi.fn(async (_nickname: string, _password: string) => ann),
    people: vi.fn(async () => [ann]),
  };
}

test('the right password gives a token', async () => {
  expect(await signIn(build(), 'Ann', 'right horse')).toEqual({ kind: 'token', token: 'token' });
});

test('a name that nobody has is offered, one that somebody has is not', async () => {
  const endpoints = build();
  endpoints.signIn.mockRejectedValue(unauthorized);
  expect(await signIn(endpoints, 'Bob', 'a password')).toEqual({ kind: 'free' });
  expect(await signIn(endpoints, 'ann', 'a password')).toMatchObject({ field: 'password' });
});

test('where the list of people does not answer, registering tells whether the name is taken', async () => {
  const endpoints = build();
  endpoints.signIn.mockRejectedValue(unauthorized);
  endpoints.people.mockRejectedValue(new ApiError('unavailable', 'no instance', { status: 503 }));
  expect(await signIn(endpoints, 'Ann', 'a password')).toEqual({ kind: 'free' });
  endpoints.register.mockRejectedValue(
    new ApiError('refused', 'taken', { code: 'nickname_taken' }),
  );
  expect(await register(endpoints, 'Ann', 'a password')).toMatchObject({ field: 'password' });
});

test('a new password is measured before it is sent', async () => {
  const endpoints = build();
  expect(await register(endpoints, 'Bob', 'short')).toMatchObject({ field: 'password' });
  expect(await register(endpoints, 'Bob', 'é'.repeat(37))).toMatchObject({ field: 'password' });
  expect(endpoints.register).not.toHaveBeenCalled();
  expect(await register(endpoints, 'Bob', 'é'.repeat(36))).toMatchObject({ kind: 'token' });
});

test('trouble is told in plain words', async () => {
  const endpoints = build();
  const textFor = async (error: ApiError) => {
    endpoints.signIn.mockRejectedValueOnce(error);
    return JSON.stringify(await signIn(endpoints, 'Ann', 'a password'));
  };
  expect(await textFor(new ApiError('busy', '', { retryAfterMs: 300_000 }))).toContain(
    'in 5 minutes',
  );
  expect(await textFor(new ApiError('busy', '', { retryAfterMs: 12_000 }))).toContain(
    'in 12 seconds',
  );
  expect(await textFor(new ApiError('unavailable', ''))).toContain('not available right now');
  expect(await textFor(new ApiError('unreachable', ''))).toContain('cannot be reached');
  expect(await signIn(endpoints, 'Ann:x', 'a password')).toMatchObject({ field: 'nickname' });
});
