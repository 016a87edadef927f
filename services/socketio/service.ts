/**
 * The socketio service: what happens, pushed to every browser. It puts the parts together: the event
 * stream to the sockets (fanout.ts), the clients' events (inbound.ts), who is here (presence.ts), and
 * the end of sessions (sessions.ts) and of the instance (drain.ts). It keeps nothing that outlives it.
 */
import { unavailable } from '@microflack/common/errors.ts';
import { subscribe } from '@microflack/common/events/subscribe.ts';
import { pause } from '@microflack/common/pause.ts';
import type { RunningParts, ServiceDefinition, ServiceKit } from '@microflack/common/service.ts';
import { Gauge } from 'prom-client';
import type { Server, Socket } from 'socket.io';
import { type SocketSettings, settings } from './config.ts';
import { drainSockets } from './drain.ts';
import { createFanout } from './fanout.ts';
import { listen } from './inbound.ts';
import { createPresence, type Presence } from './presence.ts';
import { createSocketServer } from './server.ts';
import { createSessions } from './sessions.ts';

const expiryCheckMs = 500;
const closeMaxMs = 2_000;
/** The one room there is for now, which everybody hears, signed in or not. */
const room = 'general';

export const socketio: ServiceDefinition<SocketSettings> = {
  name: 'socketio',
  settings,
  registration: { route: '/socket.io', balance: 'leastconn', sticky: 'io', websocket: true },
  start,
};

async function start(kit: ServiceKit<SocketSettings>): Promise<RunningParts> {
  const { settings, client, log } = kit;
  const auth = await kit.auth();
  const io = createSocketServer(kit.server, settings);
  const presence = createPresence((online) => reportPresence(kit, online), log, settings);
  const sessions = createSessions<Socket>(presence);
  auth.onRevoked(sessions.revoke);
  const expiry = setInterval(() => sessions.expire(Date.now() / 1_000), expiryCheckMs);

  const fanout = createFanout((name, payload, room) => {
    (room === undefined ? io : io.to(room)).emit(name, payload);
  });
  const events = subscribe(settings.redisUrl, {
    stream: settings.eventsStream,
    onEvent: fanout.deliver,
    log,
  });

  io.on('connection', (socket) => {
    socket.join(room);
    listen(socket, { auth, sessions, client, log });
    const change = fanout.newestOf(room);
    if (change !== undefined) socket.emit('room_beacon', { room, change });
  });
  measure(kit, io, presence);

  return {
    ready: () => events.ready,
    async drain() {
      await drainSockets([...io.sockets.sockets.values()]);
      // A peer that does not answer the closing of its socket must not hold up the others.
      await Promise.race([io.close(), pause(closeMaxMs, kit.signal)]);
      await presence.stop();
    },
    async stop() {
      clearInterval(expiry);
      await events.close();
    },
  };
}

/** The complete set of people here; throws where the users service did not take it. */
async function reportPresence(kit: ServiceKit<SocketSettings>, online: number[]): Promise<void> {
  const { status } = await kit.client.request({
    service: 'users',
    method: 'POST',
    path: '/internal/users/presence',
    internal: true,
    body: { holder: kit.instance, online },
  });
  if (status >= 300) throw unavailable('presence_refused', `users answered ${status}`);
}

function measure(kit: ServiceKit<SocketSettings>, io: Server, presence: Presence): void {
  const registers = [kit.metrics.registry];
  new Gauge({
    name: 'socketio_sockets',
    help: 'Open sockets of this instance',
    registers,
    collect() {
      this.set(io.engine.clientsCount);
    },
  });
  new Gauge({
    name: 'socketio_people',
    help: 'People with an open socket here, or one that closed a moment ago',
    registers,
    collect() {
      this.set(presence.online().length);
    },
  });
}
