/**
 * What clients may say, and the answers they get: `ping_user(token, ack?)` is "I am here",
 * `post_message({source, room?, key?}, token, ack?)` hands a message on to the messages service in the
 * sender's own name. The predecessor's clients speak thus too, without acknowledgements. Whatever else
 * arrives is answered with a problem, and a bad token with `expired_token`. It stores nothing.
 */
import { randomUUID } from 'node:crypto';
import type { Authenticator, Claims } from '@microflack/common/auth/authenticator.ts';
import { contextFrom, runWithContext } from '@microflack/common/context.ts';
import {
  type Problem,
  tooManyRequests,
  toProblem,
  unauthorized,
} from '@microflack/common/errors.ts';
import { messageModel } from '@microflack/common/events/models.ts';
import type { ServiceClient } from '@microflack/common/http/client.ts';
import { parse } from '@microflack/common/http/server.ts';
import type { Logger } from '@microflack/common/log.ts';
import type { Socket } from 'socket.io';
import { z } from 'zod';
import { createEventRate } from './event-rate.ts';
import type { Sessions } from './sessions.ts';

/** What is no text cannot be a token: it is refused as a bad one, as the wire has it. */
const token = z.string().max(8_192).catch('');
/** What an Idempotency-Key header may hold. */
const visibleAscii = /^[\x21-\x7e]{1,128}$/;
const pingArguments = z.tuple([token]);
const postArguments = z.tuple([
  z.strictObject({
    source: z.string(),
    room: z.string().exactOptional(),
    key: z.string().regex(visibleAscii).exactOptional(),
  }),
  token,
]);
const handshake = z.object({ token: z.string() });
const remoteProblem = z.looseObject({ status: z.number(), code: z.string() });

export interface InboundParts {
  auth: Pick<Authenticator, 'verify'>;
  sessions: Sessions<Socket>;
  client: Pick<ServiceClient, 'request'>;
  log: Logger;
}

export function listen(socket: Socket, parts: InboundParts): void {
  const { auth, sessions, client, log } = parts;
  const signIn = async (token: string): Promise<Claims> => {
    const claims = await auth.verify(token);
    // It may have left meanwhile, and nobody would ever take it out again.
    if (socket.connected) sessions.enter(socket, claims);
    return claims;
  };

  limitRate(socket);
  socket.on('disconnect', () => sessions.leave(socket));

  answer(socket, log, 'ping_user', async (args) => {
    const [token] = parse(pingArguments, args, 'ping_user');
    const { userId, expiresAt } = await signIn(token);
    return { user_id: userId, expires_at: expiresAt };
  });
  answer(socket, log, 'post_message', async (args) => {
    const [data, token] = parse(postArguments, args, 'post_message');
    await signIn(token);
    return post(client, data, token);
  });

  const shown = handshake.safeParse(socket.handshake.auth).data?.token;
  if (shown !== undefined) signIn(shown).catch((error) => refuse(socket, log, 'handshake', error));
}

/** The stored message, or the problem that the messages service has with it. */
async function post(
  client: InboundParts['client'],
  { key = randomUUID(), ...body }: z.infer<typeof postArguments>[0],
  bearer: string,
): Promise<object> {
  const answer = await client.request({
    service: 'messages',
    method: 'POST',
    path: '/api/messages',
    body,
    bearer,
    idempotencyKey: key,
  });
  if (answer.status === 201) return { message: messageModel.parse(answer.body) };
  if (answer.status === 401) throw unauthorized();
  return { error: remoteProblem.parse(answer.body) };
}

function answer(
  socket: Socket,
  log: Logger,
  name: 'ping_user' | 'post_message',
  handle: (args: unknown[]) => Promise<object>,
): void {
  socket.on(name, async (...event: unknown[]) => {
    const [args, acknowledge] = splitAcknowledgement(event);
    try {
      // What the edge said of the handshake counts for all that comes over the socket.
      const { baggage } = socket.handshake.headers;
      const context = contextFrom({ baggage: baggage?.toString() });
      acknowledge(await runWithContext(context, () => handle(args)));
    } catch (error) {
      acknowledge({ error: refuse(socket, log, name, error) });
    }
  });
}

/** What to tell the client of an error; those that are not its own fault go to the log. */
function refuse(socket: Socket, log: Logger, name: string, error: unknown): Problem {
  const problem = toProblem(error);
  if (problem.status === 401) socket.emit('expired_token');
  if (problem.status >= 500) log.warn({ event: 'socket.failed', name, err: error }, 'event failed');
  return problem;
}

/** Refused events end here: nothing is parsed, called or logged for them. */
function limitRate(socket: Socket): void {
  const next = createEventRate();
  socket.use((event, proceed) => {
    const verdict = next();
    if (verdict === 'allowed') return proceed();
    const [, acknowledge] = splitAcknowledgement(event);
    acknowledge({ error: toProblem(tooManyRequests(1, 'too many events on one socket')) });
    if (verdict === 'hopeless') socket.conn.close();
  });
}

type Acknowledge = (answer: object) => void;

function splitAcknowledgement(event: unknown[]): [unknown[], Acknowledge] {
  const last = event.at(-1);
  return isAcknowledge(last) ? [event.slice(0, -1), last] : [event, () => {}];
}

/** Only Socket.IO itself can have put a function there: JSON knows none. */
function isAcknowledge(value: unknown): value is Acknowledge {
  return typeof value === 'function';
}
