import { expect, test } from 'vitest';
import {
  badRequest,
  conflict,
  ServiceError,
  toAnswer,
  tooManyRequests,
  toProblem,
  toServiceError,
  unauthorized,
  unavailable,
} from './errors.ts';

test('a refusal says what was wrong, with a stable code', () => {
  expect(toProblem(conflict('nickname_taken', 'expected a free nickname, alice is taken'))).toEqual(
    {
      type: 'about:blank',
      title: 'Conflict',
      status: 409,
      code: 'nickname_taken',
      detail: 'expected a free nickname, alice is taken',
    },
  );
});

test('every 401 is the one that the wire has promised, whatever the reason', () => {
  expect(toAnswer(unauthorized('the signature is wrong'))).toEqual({
    status: 401,
    contentType: 'application/json',
    headers: { 'www-authenticate': 'Bearer realm="Authentication Required"' },
    body: { error: 'authentication required' },
  });
});

test('an unexpected error tells the caller nothing', () => {
  const problem = toProblem(new TypeError("Cannot read 'secret' of undefined"));
  expect(problem).toEqual({
    type: 'about:blank',
    title: 'Internal Server Error',
    status: 500,
    code: 'internal',
  });
});

test('the detail of a 5xx is kept for the log and not sent', () => {
  const error = unavailable('no_instance', 'users has no instance at 10.0.0.7');
  expect(JSON.stringify(toAnswer(error).body)).not.toContain('10.0.0.7');
  expect(toServiceError(error).detail).toContain('10.0.0.7');
});

test.each(['ECONNREFUSED', 'PROTOCOL_CONNECTION_LOST', 'ER_UNKNOWN_COM_ERROR'])(
  'a part that is away (%s) is an outage and not a bug',
  (code) => {
    const error = toServiceError(Object.assign(new Error('connect failed'), { code }));
    expect(error).toMatchObject({ status: 503, code: 'dependency_unavailable' });
  },
);

test('too many requests says when to come again, in whole seconds', () => {
  expect(toAnswer(tooManyRequests(1.2, 'slow down')).headers).toEqual({ 'retry-after': '2' });
});

test('further members go along and cannot replace the fixed ones', () => {
  const extra = { faults: ['nickname'], status: 200 };
  const error = new ServiceError({ status: 400, code: 'invalid_request', detail: 'no', extra });
  expect(toProblem(error)).toMatchObject({ faults: ['nickname'], status: 400 });
  expect(toProblem(badRequest('a', 'b'))).not.toHaveProperty('faults');
});
