import type { Claims } from '@microflack/common/auth/authenticator.ts';
import { currentContext } from '@microflack/common/context.ts';
import { unauthorized, unavailable } from '@microflack/common/errors.ts';
import { createLogger } from '@microflack/common/log.ts';
import type { Socket as ServerSocket } from 'socket.io';
import { describe, expect, it, vi } from 'vitest';
import { type InboundParts, listen } from './inbound.ts';
import { createSessions } from './sessions.ts';
import { next, serve } from './testing/serve.ts';

const claims: Claims = {
  userId: 1,
  session: 's1',
  jti: 'j1',
  authTime: 1,
  expiresAt: 9_999_999_999,
};
const message = {
  id: 7,
  created_at: 1,
  updated_at: 1,
  source: 'hello',
  html: '...',
  user_id: 1,
  room: 'general',
  seq: 5,
  change: 5,
  rev: 0,
  _links: { self: '/api/messages/7', user: '/api/users/1' },
};

/** A server whose only good token is "good", and a messages service that answers as `request` does. */
async function build() {
  const people = { opened: vi.fn<(id: number) => void>(), closed: vi.fn<(id: number) => void>() };
  const request = vi.fn<InboundParts['client']['request']>(async () => ({
    status: 201,
    headers: {},
    body: message,
  }));
  const parts: InboundParts = {
    auth: {
      async verify(token) {
        if (token === 'good') return claims;
        throw unauthorized();
      },
    },
    sessions: createSessions<ServerSocket>(people),
    client: { request },
    log: createLogger({ service: 'socketio', version: 'dev', instance: 'i', level: 'silent' }),
  };
  const serving = await serve();
  serving.io.on('connection', (socket) => listen(socket, parts));
  return { ...serving, request, people };
}

describe('ping_user', () => {
  it('brings a person online, and answers who they are and until when', async () => {
    const { client, people } = await build();
    const socket = client();
    expect(await socket.emitWithAck('ping_user', 'good')).toEqual({
      user_id: 1,
      expires_at: 9_999_999_999,
    });
    expect(people.opened).toHaveBeenCalledWith(1);
    socket.disconnect();
    await vi.waitFor(() => expect(people.closed).toHaveBeenCalledWith(1));
  });

  it('answers a bad token with expired_token, and the acknowledgement with the problem', async () => {
    const { client } = await build();
    const socket = client();
    const expired = next(socket, 'expired_token');
    expect(await socket.emitWithAck('ping_user', 'bad')).toMatchObject({ error: { status: 401 } });
    await expired;
  });

  it('takes a token at the handshake as well, and says so when it is bad', async () => {
    const { client, people } = await build();
    client({ auth: { token: 'good' } });
    await vi.waitFor(() => expect(people.opened).toHaveBeenCalledTimes(1));
    await next(client({ auth: { token: 'bad' } }), 'expired_token');
    await next(client({ auth: { token: null } }), 'connect');
    expect(people.opened).toHaveBeenCalledTimes(1);
  });
});

describe('post_message', () => {
  it('posts in the name of the sender with their key, and acknowledges the stored message', async () => {
    const { client, request } = await build();
    const answer = await client().emitWithAck(
      'post_message',
      { source: 'hello', key: 'k1' },
      'good',
    );
    expect(answer).toEqual({ message });
    expect(request).toHaveBeenCalledWith({
      service: 'messages',
      method: 'POST',
      path: '/api/messages',
      body: { source: 'hello' },
      bearer: 'good',
      idempotencyKey: 'k1',
    });
  });

  it('calls in the name of whom the edge said at the handshake, for as long as the socket is open', async () => {
    const { client, request } = await build();
    const said: (string | undefined)[] = [];
    request.mockImplementation(async () => {
      said.push(currentContext()?.baggage);
      return { status: 201, headers: {}, body: message };
    });
    const baggage = 'mf-cohort=7,mf-me=messages:v2';
    const socket = client({ extraHeaders: { baggage } });
    for (const source of ['hello', 'again']) {
      await socket.emitWithAck('post_message', { source }, 'good');
    }
    expect(said).toEqual([baggage, baggage]);
  });

  it('gives a message without a key one of its own', async () => {
    const { client, request } = await build();
    await client().emitWithAck('post_message', { source: 'hello', room: 'general' }, 'good');
    expect(request.mock.lastCall?.[0]).toMatchObject({
      body: { source: 'hello', room: 'general' },
      idempotencyKey: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  it('hands on what the messages service has against it', async () => {
    const { client, request } = await build();
    const problem = {
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      code: 'invalid_request',
    };
    request.mockResolvedValueOnce({ status: 400, headers: {}, body: problem });
    const answer = await client().emitWithAck('post_message', { source: '' }, 'good');
    expect(answer).toEqual({ error: problem });
  });

  it('answers with a problem while there is no messages service', async () => {
    const { client, request } = await build();
    request.mockRejectedValueOnce(unavailable('no_instance', 'no instance of messages'));
    const answer = await client().emitWithAck('post_message', { source: 'hello' }, 'good');
    expect(answer).toMatchObject({ error: { status: 503, code: 'no_instance' } });
  });

  it('tells a client whose token the messages service no longer takes', async () => {
    const { client, request } = await build();
    const socket = client();
    const expired = next(socket, 'expired_token');
    request.mockResolvedValueOnce({ status: 401, headers: {}, body: {} });
    socket.emit('post_message', { source: 'hello' }, 'good');
    await expired;
  });
});

describe('junk', () => {
  it.each([
    [['ping_user']],
    [['ping_user', null]],
    [['ping_user', 1, 2, 3]],
    [['ping_user', { toString: 1 }]],
    [['post_message']],
    [['post_message', null, null]],
    [['post_message', 7, 'good']],
    [['post_message', 'text', 'good']],
    [['post_message', { source: 1 }, 'good']],
    [['post_message', { source: 'x', user_id: 9 }, 'good']],
    [['post_message', { source: 'x', key: 'line\nbreak' }, 'good']],
    [['post_message', { source: Buffer.from('x') }, 'good']],
    [['post_message', [[[[]]]], 'good']],
  ])('%j is answered with a problem and goes nowhere', async ([name, ...args]) => {
    const { client, request } = await build();
    const answer = await client().emitWithAck(String(name), ...args);
    expect(answer).toMatchObject({ error: { status: expect.any(Number) } });
    expect(request).not.toHaveBeenCalled();
  });

  it('does not hurt without an acknowledgement, whatever the event is called', async () => {
    const { client } = await build();
    const socket = client();
    for (const name of ['error', 'nonsense', '__proto__', 'ping_user', 'post_message']) {
      socket.emit(name, null);
    }
    expect(await socket.emitWithAck('ping_user', 'good')).toMatchObject({ user_id: 1 });
  });

  it('of bytes that are no packet ends that connection alone', async () => {
    const { client, url } = await build();
    const bystander = client();
    await next(bystander, 'connect');
    for (const packet of ['4', '42', '49', '42{}', '42["a"', '45999-["a"]', '4hello']) {
      const socket = new WebSocket(
        `${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`,
      );
      socket.onopen = () => {
        socket.send('40');
        socket.send(packet);
        socket.send('not a packet');
      };
      await new Promise((resolve) => {
        socket.onclose = resolve;
      });
    }
    expect(await bystander.emitWithAck('ping_user', 'good')).toMatchObject({ user_id: 1 });
  });

  it('in a flood is refused, and ends the socket that will not stop', async () => {
    const { client } = await build();
    const socket = client({ reconnection: false });
    await next(socket, 'connect');
    const refused = vi.fn();
    for (let count = 0; count < 40; count += 1) socket.emit('ping_user', 'good', refused);
    await vi.waitFor(() =>
      expect(refused).toHaveBeenCalledWith({ error: expect.objectContaining({ status: 429 }) }),
    );
    const closed = next(socket, 'disconnect');
    for (let count = 0; count < 200; count += 1) socket.emit('nonsense');
    await closed;
  });
});
