/**
 * What routes.ts of every service is written with: bodies, checked input, methods, internal calls.
 *
 * Everything that a caller can do wrong ends here as a ServiceError, so that a use case sees
 * values of the right type or is not called at all. The app around the routes is http/app.ts.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import express, { type IRouter, type Request, type RequestHandler } from 'express';
import type { z } from 'zod';
import { assertTimeLeft } from '../context.ts';
import { badRequest, notFound, ServiceError } from '../errors.ts';

/** Header that carries INTERNAL_KEY between services; HAProxy takes it away from strangers. */
export const internalHeader = 'x-microflack-internal';

const bodyLimitBytes = 64 * 1024;

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** Registers the handlers of a path and answers 405, with Allow, for every other method. */
export function methods(
  router: IRouter,
  path: string,
  handlers: Partial<Record<Method, RequestHandler | RequestHandler[]>>,
): void {
  const route = router.route(path);
  const allowed: string[] = [];
  for (const method of ['get', 'post', 'put', 'patch', 'delete'] as const) {
    const handler = handlers[method];
    if (!handler) continue;
    route[method](handler);
    allowed.push(...(method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));
  }
  const allow = allowed.join(', ');
  route.all((request) => {
    const detail = `${request.method} is not one of ${allow}`;
    throw new ServiceError({ status: 405, code: 'method_not_allowed', detail, headers: { allow } });
  });
}

/** The value as the schema knows it; a 400 that lists every fault where it does not fit. */
export function parse<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  what: string,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) =>
    path.length > 0 ? `${path.join('.')}: ${message}` : message,
  );
  throw badRequest('invalid_request', `${what}: ${faults.join('; ')}`);
}

/**
 * Reads a JSON object into request.body. Nothing but an object gets past: not null, not a list, not
 * a number.
 */
export function jsonBody({ limit = bodyLimitBytes }: { limit?: number } = {}): RequestHandler {
  // Compressed bodies are refused: a few bytes may become a gigabyte, and no client of ours sends
  // them.
  const read = express.json({ limit, inflate: false, strict: true });
  return (request, response, next) => {
    // A body that is not there has no wrong type.
    if (isEmpty(request)) throw badRequest('invalid_json', 'expected a JSON object, got no body');
    if (request.is('application/json') === false) {
      throw new ServiceError({
        status: 415,
        code: 'unsupported_media_type',
        detail: `expected application/json, got ${request.get('content-type') ?? 'no content type'}`,
      });
    }
    read(request, response, (failure?: unknown) => {
      if (failure) return next(bodyError(failure, limit));
      if (!isObject(request.body))
        return next(badRequest('invalid_json', 'expected a JSON object'));
      // Reading may have taken a while.
      assertTimeLeft('the request');
      next();
    });
  };
}

/**
 * Lets only our own services through. Strangers get the 404 that they would get if there were
 * nothing.
 */
export function internalOnly(key: string): RequestHandler {
  const expected = digest(key);
  return (request, _response, next) => {
    const given = request.get(internalHeader) ?? '';
    // Digests have one length, so that the comparison takes one time whatever is given.
    if (!timingSafeEqual(digest(given), expected)) throw notFound(request.path);
    next();
  };
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

const isEmpty = (request: Request): boolean =>
  request.get('transfer-encoding') === undefined &&
  Number(request.get('content-length') ?? 0) === 0;

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * body-parser's errors by their `type`. What the body said is not repeated: it may hold a password.
 */
function bodyError(failure: unknown, limit: number): unknown {
  const type = failure instanceof Error && 'type' in failure ? failure.type : undefined;
  switch (type) {
    case 'entity.too.large': {
      const detail = `expected a body of at most ${limit} bytes`;
      return new ServiceError({ status: 413, code: 'body_too_large', detail });
    }
    case 'entity.parse.failed':
    case 'request.aborted':
    case 'request.size.invalid':
      return badRequest('invalid_json', 'expected a JSON object, got something else');
    case 'charset.unsupported':
    case 'encoding.unsupported': {
      const detail = 'expected UTF-8 without compression';
      return new ServiceError({ status: 415, code: 'unsupported_media_type', detail });
    }
    default:
      return failure;
  }
}
