/**
 * A small world for service tests: the real tokens service, one database, one stream, and as many instances of the
 * messages service on them as a test starts. People are only tokens here: the service knows no more of them.
 */
import { createPool } from '@microflack/common/db/pool.ts';
import { type MicroflackEvent, parseEvent } from '@microflack/common/events/events.ts';
import { type Message, messageModel } from '@microflack/common/events/models.ts';
import { type RunningService, startService } from '@microflack/common/service.ts';
import { random, type Scope, testParts, testSettings } from '@microflack/common/testing/parts.ts';
import { Redis } from 'ioredis';
import type { Pool } from 'mysql2/promise';
import { z } from 'zod';
import { newSession } from '../../tokens/claims.ts';
import { signingKeys } from '../../tokens/keys.ts';
import { tokens } from '../../tokens/service.ts';
import { createSigner } from '../../tokens/signer.ts';
import { messages } from '../service.ts';

export interface World {
  /** A connection of our own to the database of the service. */
  pool: Pool;
  /** Another instance of the service; the test may stop it before it ends. */
  instance(extra?: Record<string, string>): Promise<RunningService>;
  token(userId: number): string;
  /** What was published so far, in order. */
  events(): Promise<MicroflackEvent[]>;
}

export async function startWorld(scope: Scope): Promise<World> {
  const stream = { EVENTS_STREAM: `t:${random()}` };
  const tokensService = await startService(tokens, await testSettings(scope, 'tokens', stream));
  scope.onTestFinished(tokensService.stop);
  const { MYSQL_URL = '', REDIS_URL = '' } = await testSettings(scope, 'messages');
  const pool = createPool(MYSQL_URL);
  scope.onTestFinished(() => pool.end());
  const redis = new Redis(REDIS_URL);
  scope.onTestFinished(async () => {
    await redis.del(stream.EVENTS_STREAM);
    redis.disconnect();
  });
  const signer = createSigner(signingKeys.parse(testParts().tokenSigningKeys));

  return {
    pool,
    async instance(extra = {}) {
      const settings = { ...stream, MYSQL_URL, ...extra };
      const service = await startService(messages, await testSettings(scope, 'messages', settings));
      scope.onTestFinished(service.stop);
      return service;
    },
    token: (userId) => signer.sign(newSession(userId, Math.floor(Date.now() / 1_000))),
    async events() {
      const entries = await redis.xrange(stream.EVENTS_STREAM, '-', '+');
      return entries.flatMap(([, [, text = '']]) => parseEvent(text) ?? []);
    },
  };
}

export interface Call {
  body?: unknown;
  /** Sent as it is, in place of `body`. */
  text?: string;
  token?: string;
  headers?: Record<string, string>;
}

export interface Answer {
  status: number;
  headers: Headers;
  body: unknown;
}

export async function call(
  { url }: { url: string },
  method: string,
  path: string,
  { body, text, token, headers = {} }: Call = {},
): Promise<Answer> {
  const sent = new Headers(headers);
  if (body !== undefined || text !== undefined) sent.set('content-type', 'application/json');
  if (token !== undefined) sent.set('authorization', `Bearer ${token}`);
  const content = text ?? (body === undefined ? null : JSON.stringify(body));
  const response = await fetch(url + path, { method, headers: sent, body: content });
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  const answer = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: isJson ? JSON.parse(answer) : answer,
  };
}

const listBody = z.object({
  messages: z.array(messageModel),
  change: z.number(),
  more: z.boolean(),
});

export type List = z.infer<typeof listBody>;

/** A post that must succeed. */
export async function post(
  service: { url: string },
  token: string,
  source: string,
  key?: string,
): Promise<Message> {
  const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
  const { status, body } = await call(service, 'POST', '/api/messages', {
    token,
    body: { source },
    headers,
  });
  if (status !== 201) throw new Error(`expected 201, got ${status}: ${JSON.stringify(body)}`);
  return messageModel.parse(body);
}

/** GET /api/messages, which must succeed. */
export async function list(service: { url: string }, query = ''): Promise<List> {
  const { status, body } = await call(service, 'GET', `/api/messages${query}`);
  if (status !== 200) throw new Error(`expected 200, got ${status}: ${JSON.stringify(body)}`);
  return listBody.parse(body);
}
