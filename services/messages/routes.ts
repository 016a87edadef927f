/** The messages service over HTTP: what comes in is parsed and handed to a use case, what it answers goes out. */
import {
  type Authenticator,
  optionalUser,
  requireUser,
  userOf,
} from '@microflack/common/auth/authenticator.ts';
import { notFound, unauthorized } from '@microflack/common/errors.ts';
import { jsonBody, methods, parse } from '@microflack/common/http/server.ts';
import type { IRouter, Request, Response } from 'express';
import { z } from 'zod';
import { deleteMessage } from './delete-message.ts';
import { editMessage } from './edit-message.ts';
import { listQuery, type MessageLists, roomName } from './list-messages.ts';
import type { PostMessage, PostTools } from './post-message.ts';
import { findMessage, listRooms } from './store/reads.ts';
import { toMessage } from './store/rows.ts';

export interface RouteTools extends PostTools {
  readonly postMessage: PostMessage;
  readonly lists: MessageLists;
  readonly auth: Authenticator;
}

const sourceCharactersMax = 16_384;
/** Every character of a source may be written as \u1234 in JSON. */
const bodyLimitBytes = sourceCharactersMax * 6 + 1_024;

const source = z
  .string()
  .max(sourceCharactersMax)
  .refine((text) => text.trim() !== '', 'expected more than spaces')
  // Half a surrogate pair cannot be stored as UTF-8.
  .transform((text) => text.toWellFormed());
const newMessage = z.strictObject({ source, room: roomName.default('general') });
const changedMessage = z.strictObject({ source });
const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, 'expected 1 to 128 visible ASCII characters')
  .optional();

export function routes(app: IRouter, tools: RouteTools): void {
  const { pool, postMessage, lists, auth } = tools;
  const author = [requireUser(auth), jsonBody({ limit: bodyLimitBytes })];

  methods(app, '/api/messages', {
    post: [
      ...author,
      async (request, response) => {
        const { message, replayed } = await postMessage({
          ...parse(newMessage, request.body, 'the message'),
          userId: selfOf(response),
          idempotencyKey: parse(
            idempotencyKey,
            request.get('idempotency-key'),
            'the header Idempotency-Key',
          ),
        });
        if (replayed) response.setHeader('idempotent-replayed', 'true');
        response.status(201).location(message._links.self).json(message);
      },
    ],
    get: [
      optionalUser(auth),
      async (request, response) => {
        const list = await lists(parse(listQuery, request.query, 'the query'));
        response.type('json').send(list);
      },
    ],
  });

  methods(app, '/api/messages/rooms', {
    get: [
      optionalUser(auth),
      async (_request, response) => {
        response.json({ rooms: await listRooms(pool) });
      },
    ],
  });

  methods(app, '/api/messages/:id', {
    get: [
      optionalUser(auth),
      async (request, response) => {
        const row = await findMessage(pool, idOf(request));
        if (!row) throw notFound(request.path);
        response.json(toMessage(row));
      },
    ],
    put: [
      ...author,
      async (request, response) => {
        const { source } = parse(changedMessage, request.body, 'the message');
        await editMessage(tools, { id: idOf(request), userId: selfOf(response), source });
        response.status(204).end();
      },
    ],
    delete: [
      requireUser(auth),
      async (request, response) => {
        await deleteMessage(tools, { id: idOf(request), userId: selfOf(response) });
        response.status(204).end();
      },
    ],
  });
}

/** What is no number of a message is the path of nothing: 404, and not 400. */
function idOf(request: Request): number {
  const { id } = request.params;
  if (typeof id !== 'string' || !/^[1-9]\d{0,14}$/.test(id)) throw notFound(request.path);
  return Number(id);
}

function selfOf(response: Response): number {
  const claims = userOf(response);
  if (!claims) throw unauthorized();
  return claims.userId;
}
