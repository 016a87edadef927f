import { expect, test, vi } from 'vitest';
import { type Call, patiently } from './selftest.ts';

const answering = (...statuses: number[]) =>
  vi.fn<Call>(async () => ({ status: statuses.shift() ?? 503, body: '' }));

test('a service that has just started is asked again until it answers', async () => {
  const call = answering(503, 503, 201, 500);
  const answer = await patiently(call, 5000, 1)('POST', '/api/users', undefined);
  expect(answer.status).toBe(201);
  expect(call).toHaveBeenCalledTimes(3);
});

test('one that stays away is not asked for ever, and any other answer is the answer', async () => {
  const away = await patiently(answering(), 20, 1)('POST', '/api/tokens', undefined);
  expect(away.status).toBe(503);
  const refuses = answering(500, 200);
  const refused = await patiently(refuses, 5000, 1)('POST', '/api/tokens', undefined);
  expect(refused.status).toBe(500);
});
