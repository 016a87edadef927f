import { connectEio3 } from '@microflack/common/testing/eio3-client.ts';
import { describe, expect, it } from 'vitest';
import { next, serve } from './testing/serve.ts';

describe('the socket server', () => {
  it('serves a client over WebSocket and over polling, and sticks the latter by a cookie', async () => {
    const { client, url } = await serve();
    const sockets = [client(), client({ transports: ['polling'] })];
    await Promise.all(sockets.map((socket) => next(socket, 'connect')));
    const handshake = await fetch(`${url}/socket.io/?EIO=4&transport=polling`);
    expect(handshake.headers.get('set-cookie')).toMatch(
      /^io=[^;]+; Path=\/; HttpOnly; SameSite=Lax$/,
    );
  });

  it('serves an Engine.IO 3 client over polling: pushes, events, acknowledgements and pings', async () => {
    const { io, url } = await serve();
    io.on('connection', (socket) => {
      socket.on('ping_user', (token, acknowledge) => acknowledge({ token }));
    });
    const client = await connectEio3(url);
    expect(client.handshake).toMatchObject({ pingInterval: 25_000, upgrades: ['websocket'] });
    expect(client.cookie).toMatch(/^io=/);
    if (!client.packets.includes('40')) await client.poll();
    expect(client.packets).toContain('40');

    io.emit('updated_model', { class: 'Message', model: { source: 'héllo 😀 漢字' } });
    await client.poll();
    expect(client.events()).toEqual([
      ['updated_model', { class: 'Message', model: { source: 'héllo 😀 漢字' } }],
    ]);
    await client.sendPacket('420["ping_user","abc"]');
    expect(await client.poll()).toEqual(['430[{"token":"abc"}]']);
    await client.sendPacket('2');
    expect(await client.poll()).toEqual(['3']);
  });

  it.each([
    ['a page of another site', { origin: 'https://evil.example' }],
    ['more sockets than an address may have', {}],
  ])('refuses %s at the handshake', async (_why, headers) => {
    const { client } = await serve({ socketsPerAddress: 1 });
    if (!('origin' in headers)) await next(client(), 'connect');
    const refused = client({ extraHeaders: headers });
    await expect(next(refused, 'connect_error')).resolves.toBeInstanceOf(Error);
  });

  it('counts a socket out when it closes', async () => {
    const { client } = await serve({ socketsInAll: 1 });
    const first = client();
    await next(first, 'connect');
    first.disconnect();
    const second = client({ reconnectionDelay: 10 });
    await next(second, 'connect');
  });

  it('closes a socket that sends more than a message can be', async () => {
    const { client } = await serve();
    const socket = client({ reconnection: false });
    await next(socket, 'connect');
    socket.emit('post_message', { source: 'x'.repeat(200_000) });
    await next(socket, 'disconnect');
  });
});
