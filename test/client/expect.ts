/** What every refusal on the wire looks like. */
import { expect } from 'vitest';
import type { Answer } from './http.ts';

/** The one 401 there is. */
export function expectUnauthorized({ status, headers, body }: Answer): void {
  expect(status).toBe(401);
  expect(headers['www-authenticate']).toBe('Bearer realm="Authentication Required"');
  expect(body).toEqual({ error: 'authentication required' });
}

/** RFC 9457, with a code that stays. */
export function expectProblem({ status, headers, body }: Answer, expected: number): void {
  expect({ status, body }).toMatchObject({
    status: expected,
    body: { title: expect.any(String), status: expected, code: expect.stringMatching(/^[a-z_]+$/) },
  });
  expect(headers['content-type']).toMatch(/^application\/problem\+json/);
}
