/**
 * The users service over HTTP: what comes in is parsed and handed to a use case, what it answers goes out.
 *
 * Public is /api/users; /internal is for the other services alone.
 */
import {
  type Authenticator,
  optionalUser,
  requireUser,
  userOf,
} from '@microflack/common/auth/authenticator.ts';
import { forbidden, notFound, unauthorized } from '@microflack/common/errors.ts';
import { internalOnly, jsonBody, methods, parse } from '@microflack/common/http/server.ts';
import type { IRouter, Request, Response } from 'express';
import { z } from 'zod';
import { newUser, parseBasic, profile } from './credentials.ts';
import { listUsers } from './list-users.ts';
import { listing } from './listing.ts';
import { networkOf } from './network.ts';
import { type RegisterTools, register } from './register.ts';
import { signIn } from './sign-in.ts';
import type { Presence } from './track-presence.ts';
import { updateProfile } from './update-profile.ts';

export interface RouteTools extends RegisterTools {
  presence: Presence;
  auth: Authenticator;
  internalKey: string;
}

/** 20,000 ids of ten digits and their commas. */
const reportLimitBytes = 256 * 1024;

/** A name with a colon is a person's own lease, which no holder may take. */
const report = z.strictObject({
  holder: z.string().regex(/^[a-z0-9-]{1,64}$/),
  online: z.array(z.number().int().positive()).max(20_000),
});

export function routes(app: IRouter, tools: RouteTools): void {
  const { store, presence, auth, internalKey } = tools;

  const find = async (request: Request) => {
    const user = await store.find(idOf(request));
    if (!user) throw notFound(request.path);
    return user;
  };

  methods(app, '/api/users', {
    post: [
      jsonBody(),
      async (request, response) => {
        const person = parse(newUser, request.body, 'the new user');
        const user = await register(tools, person, networkOf(request.ip));
        response.status(201).location(user._links.self).json(user);
      },
    ],
    get: [
      optionalUser(auth),
      async (request, response) => {
        response.json(await listUsers(store, parse(listing, request.query, 'the query')));
      },
    ],
  });

  methods(app, '/api/users/me', {
    get: async (request, response) => {
      const login = parseBasic(request.get('authorization'));
      if (!login) throw unauthorized();
      const id = await signIn(tools, login, networkOf(request.ip));
      await presence.signOn(id);
      response.json(await store.find(id));
    },
    put: [
      requireUser(auth),
      async (_request, response) => {
        await presence.signOn(selfOf(response));
        response.status(204).end();
      },
    ],
    delete: [
      requireUser(auth),
      async (_request, response) => {
        await presence.signOff(selfOf(response));
        response.status(204).end();
      },
    ],
  });

  methods(app, '/api/users/:id', {
    get: [
      optionalUser(auth),
      async (request, response) => {
        response.json(await find(request));
      },
    ],
    put: [
      requireUser(auth),
      jsonBody(),
      async (request, response) => {
        const { id } = await find(request);
        if (id !== selfOf(response)) throw forbidden('not_yourself', 'expected your own id');
        await updateProfile(tools, id, parse(profile, request.body, 'the profile'));
        response.status(204).end();
      },
    ],
  });

  methods(app, '/internal/users/presence', {
    post: [
      internalOnly(internalKey),
      jsonBody({ limit: reportLimitBytes }),
      async (request, response) => {
        const { holder, online } = parse(report, request.body, 'the report');
        await presence.report(holder, online);
        response.status(204).end();
      },
    ],
  });
}

/** What is no number of a person is the path of nothing: 404, and not 400. */
function idOf(request: Request): number {
  const { id } = request.params;
  if (typeof id !== 'string' || !/^[1-9]\d{0,9}$/.test(id)) throw notFound(request.path);
  return Number(id);
}

function selfOf(response: Response): number {
  const claims = userOf(response);
  if (!claims) throw unauthorized();
  return claims.userId;
}
