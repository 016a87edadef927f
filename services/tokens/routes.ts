/**
 * The tokens service over HTTP: public is /api/tokens; /internal is what the other services verify tokens by.
 */
import { bearerOf } from '@microflack/common/auth/authenticator.ts';
import { unauthorized } from '@microflack/common/errors.ts';
import { internalOnly, methods, parse } from '@microflack/common/http/server.ts';
import type { IRouter, Request } from 'express';
import { z } from 'zod';
import { type IssueTools, issueToken } from './issue-token.ts';
import { renewToken, revokeToken, type SessionTools } from './sessions.ts';

export interface RouteTools extends IssueTools, SessionTools {
  internalKey: string;
}

const revokedQuery = z.object({
  after: z
    .string()
    .regex(/^\d{1,15}$/, { error: 'expected a whole number' })
    .transform(Number),
});

export function routes(app: IRouter, tools: RouteTools): void {
  const { store, signer } = tools;
  const internal = internalOnly(tools.internalKey);

  methods(app, '/api/tokens', {
    post: async (request, response) => {
      const authorization = request.get('authorization');
      response.json({ token: await issueToken(tools, { authorization, address: request.ip }) });
    },
    put: async (request, response) => {
      response.json({ token: await renewToken(tools, tokenOf(request)) });
    },
    delete: async (request, response) => {
      await revokeToken(tools, tokenOf(request));
      response.status(204).end();
    },
  });

  methods(app, '/internal/tokens/keys', {
    get: [internal, (_request, response) => void response.json({ keys: signer.publicKeys() })],
  });

  methods(app, '/internal/tokens/revoked', {
    get: [
      internal,
      async (request, response) => {
        const { after } = parse(revokedQuery, request.query, 'the query');
        response.json(await store.after(after));
      },
    ],
  });
}

function tokenOf(request: Request): string {
  const token = bearerOf(request.get('authorization'));
  if (!token) throw unauthorized();
  return token;
}
