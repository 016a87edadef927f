/**
 * A small world for service tests: users and tokens on real parts, and a client that speaks the wire.
 *
 * The two need each other, so the tests of both start here. Each world has a stream and schemas of its own.
 */
import { randomInt } from 'node:crypto';
import { type MicroflackEvent, parseEvent, streamOf } from '@microflack/common/events/events.ts';
import { type RunningService, startService } from '@microflack/common/service.ts';
import { random, type Scope, testSettings } from '@microflack/common/testing/parts.ts';
import { Redis } from 'ioredis';
import { createConnection } from 'mysql2/promise';
import { z } from 'zod';
import { tokens } from '../../tokens/service.ts';
import { users } from '../service.ts';

export interface World {
  users: RunningService;
  tokens: RunningService;
  usersEnvironment: Record<string, string>;
  tokensEnvironment: Record<string, string>;
  /** What was published so far, in order. */
  events(): Promise<MicroflackEvent[]>;
}

export interface Extra {
  users?: Record<string, string>;
  tokens?: Record<string, string>;
}

export async function startWorld(scope: Scope, extra: Extra = {}): Promise<World> {
  const EVENTS_STREAM = `t:${random()}`;
  const tokensEnvironment = await testSettings(scope, 'tokens', { EVENTS_STREAM, ...extra.tokens });
  const usersEnvironment = await testSettings(scope, 'users', { EVENTS_STREAM, ...extra.users });
  await startIdsAnywhere(usersEnvironment.MYSQL_URL ?? '');
  // tokens first: users is ready only when it knows the keys.
  const tokensService = await started(scope, startService(tokens, tokensEnvironment));
  const usersService = await started(scope, startService(users, usersEnvironment));
  const redis = new Redis(usersEnvironment.REDIS_URL ?? '');
  const streams = [EVENTS_STREAM, streamOf(EVENTS_STREAM, 'token.revoked')];
  scope.onTestFinished(async () => {
    await redis.del(streams);
    redis.disconnect();
  });

  return {
    users: usersService,
    tokens: tokensService,
    usersEnvironment,
    tokensEnvironment,
    async events() {
      const entries = await Promise.all(streams.map((one) => redis.xrange(one, '-', '+')));
      return entries.flat().flatMap(([, [, text = '']]) => parseEvent(text) ?? []);
    },
  };
}

/** Failed sign-ins are counted by id in a Redis that all tests share: two worlds must not have one person 1. */
async function startIdsAnywhere(url: string): Promise<void> {
  const connection = await createConnection(url);
  await connection.query(`ALTER TABLE users AUTO_INCREMENT = ${randomInt(1_000_000_000)}`);
  await connection.end();
}

/** Stopped at the end, unless the test has done so. */
export async function started(
  scope: Scope,
  starting: Promise<RunningService>,
): Promise<RunningService> {
  const service = await starting;
  scope.onTestFinished(() => service.stop());
  return service;
}

export interface Call {
  body?: unknown;
  /** Sent as it is, in place of `body`. */
  text?: string;
  token?: string | undefined;
  basic?: [nickname: string, password: string];
  /** As the balancer would give it. */
  address?: string;
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
  { body, text, token, basic, address, headers = {} }: Call = {},
): Promise<Answer> {
  const sent = new Headers(headers);
  if (body !== undefined || text !== undefined) sent.set('content-type', 'application/json');
  if (token !== undefined) sent.set('authorization', `Bearer ${token}`);
  if (basic) {
    sent.set('authorization', `Basic ${Buffer.from(basic.join(':')).toString('base64')}`);
  }
  if (address) sent.set('x-forwarded-for', address);
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

export const password = 'correct horse';
const idBody = z.object({ id: z.number() });
const tokenBody = z.object({ token: z.string() });

export interface Person {
  id: number;
  nickname: string;
  /** A way to sign in: { basic: ada.login }. */
  login: [nickname: string, password: string];
}

export async function newPerson(world: World, nickname = `p-${random()}`): Promise<Person> {
  const { status, body } = await call(world.users, 'POST', '/api/users', {
    body: { nickname, password },
  });
  if (status !== 201) throw new Error(`expected 201, got ${status}: ${JSON.stringify(body)}`);
  return { ...idBody.parse(body), nickname, login: [nickname, password] };
}

export async function signIn(world: World, { login }: Person): Promise<string> {
  return tokenOf(await call(world.tokens, 'POST', '/api/tokens', { basic: login }));
}

export function tokenOf({ body }: Answer): string {
  return tokenBody.parse(body).token;
}

export const unauthorized = {
  status: 401,
  body: { error: 'authentication required' },
  challenge: 'Bearer realm="Authentication Required"',
};

/** For comparing with `unauthorized`. */
export const refusal = ({ status, body, headers }: Answer) => ({
  status,
  body,
  challenge: headers.get('www-authenticate'),
});
