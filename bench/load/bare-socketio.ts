/**
 * The yardstick of the fan-out: a Socket.IO server that does nothing but send each POST it gets to all its
 * sockets, in one process, with no balancer, database or Redis around it. Tells its parent its URL, and
 * ends when the parent is done with it.
 */
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { Server } from 'socket.io';
import { z } from 'zod';

const posted = z.object({ source: z.string() });

const http = createServer(async (request, response) => {
  const { source } = posted.parse(await json(request));
  io.emit('updated_model', { class: 'Message', model: messageOf(source) });
  response.writeHead(201).end('{}');
});
const io = new Server(http, { serveClient: false, perMessageDeflate: false });

/** As long as the messages of the chat. */
function messageOf(source: string): object {
  const now = Math.floor(Date.now() / 1_000);
  return {
    id: 1,
    created_at: now,
    updated_at: now,
    source,
    html: `<p>${source}</p>`,
    user_id: 1,
    room: 'general',
    seq: 1,
    change: 1,
    rev: 0,
    key: '00000000-0000-0000-0000-000000000000',
    _links: { self: '/api/messages/1', user: '/api/users/1' },
  };
}

http.listen(0, '127.0.0.1', () => {
  const address = http.address();
  if (typeof address === 'object' && address) process.send?.(`http://127.0.0.1:${address.port}`);
});
process.once('disconnect', () => process.exit());
