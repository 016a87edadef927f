/**
 * The proof that a stack is whole: posts a message and sees it arrive over Socket.IO, through HAProxy.
 *
 * `mf up` runs it when it has started something. It has an account of its own in each stack, whose
 * password follows from the stack's secrets, and leaves nothing behind that people would see: the
 * message is deleted, the session revoked, the account offline.
 */
import { createHmac, randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';
import { z } from 'zod';
import { startMs } from './patience.ts';
import { publicUrl, type Stack } from './stack.ts';

const nickname = 'mf-self-test';
/** In step with how long the parts are waited for. */
const patienceMs = startMs / 6;

const withToken = z.object({ token: z.string() });
const withId = z.object({ id: z.number() });
const update = z.object({ class: z.string(), model: z.object({ source: z.string().optional() }) });

interface Answer {
  status: number;
  body: unknown;
}

export type Call = (
  method: string,
  path: string,
  authorization: string | undefined,
  body?: object,
  headers?: Record<string, string>,
) => Promise<Answer>;

/** Resolves to how many milliseconds the message took from its post to its arrival. */
export async function selfTest(stack: Stack): Promise<number> {
  const url = publicUrl(stack);
  const call = patiently(callerOf(url));
  const token = await signIn(call, passwordOf(stack));
  const bearer = `Bearer ${token}`;
  const socket = io(url, {
    auth: { token },
    reconnection: false,
    timeout: patienceMs,
    forceNew: true,
  });
  try {
    await connected(socket);
    const source = `self-test ${randomUUID()}`;
    const seen = arrival(socket, source);
    const begun = performance.now();
    const posted = await call(
      'POST',
      '/api/messages',
      bearer,
      { source },
      { 'idempotency-key': randomUUID() },
    );
    const { id } = withId.parse(expectStatus(posted, 201, 'the post'));
    await seen;
    const tookMs = performance.now() - begun;
    expectStatus(await call('DELETE', `/api/messages/${id}`, bearer), 204, 'the deletion');
    return tookMs;
  } finally {
    socket.disconnect();
    await call('DELETE', '/api/users/me', bearer);
    await call('DELETE', '/api/tokens', bearer);
  }
}

async function signIn(call: Call, password: string): Promise<string> {
  const basic = `Basic ${Buffer.from(`${nickname}:${password}`).toString('base64')}`;
  const first = await call('POST', '/api/tokens', basic);
  if (first.status !== 401) return withToken.parse(expectStatus(first, 200, 'the sign-in')).token;
  const created = await call('POST', '/api/users', undefined, { nickname, password });
  // Taken: by a registration of ours that was made and all the same answered with 503. The sign-in shows it.
  if (created.status !== 400) expectStatus(created, 201, 'the registration');
  return withToken.parse(expectStatus(await call('POST', '/api/tokens', basic), 200, 'the sign-in'))
    .token;
}

/** Always the same for a stack, and known to nobody who cannot read its secrets. */
function passwordOf({ secrets }: Stack): string {
  return createHmac('sha256', secrets.internalKey).update('self-test').digest('base64url');
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', (error) => reject(new Error(`the socket: ${error.message}`)));
  });
}

function arrival(socket: Socket, source: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`the message did not arrive over the socket within ${patienceMs / 1000} s`));
    }, patienceMs);
    socket.on('updated_model', (event: unknown) => {
      if (update.safeParse(event).data?.model.source !== source) return;
      clearTimeout(timer);
      resolve();
    });
  });
}

/**
 * A 503 is worth asking again, for as long as the parts are waited for: what has just started may take longer over its
 * first request than another one waits for it.
 */
export function patiently(call: Call, forMs = patienceMs, pauseMs = 500): Call {
  return async (...request) => {
    const begun = performance.now();
    for (;;) {
      const answer = await call(...request);
      if (answer.status !== 503 || performance.now() - begun > forMs) return answer;
      await wait(pauseMs);
    }
  };
}

function callerOf(url: string): Call {
  return async (method, path, authorization, body, headers) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(authorization && { authorization }),
        ...(body && { 'content-type': 'application/json' }),
        ...headers,
      },
      signal: AbortSignal.timeout(patienceMs),
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    return { status: response.status, body: isJson ? JSON.parse(text) : text };
  };
}

function expectStatus({ status, body }: Answer, expected: number, what: string): unknown {
  if (status === expected) return body;
  throw new Error(`${what} was answered with ${status} ${JSON.stringify(body)}`);
}
