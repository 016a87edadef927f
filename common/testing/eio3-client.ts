/**
 * A client of 2017, written by hand for the tests: Engine.IO 3 with Socket.IO 2's packets, no
 * acknowledgement unless asked for. It polls, opens a WebSocket, or does what the page of 2017 did:
 * polls first, and moves to a WebSocket when a probe has come back.
 *
 * A payload of a poll is `LENGTH:PACKET` again and again, lengths in characters; over a WebSocket
 * each packet is a frame. A packet is its type's digit and the text: 1 closes, 2 and 3 are ping and
 * pong, 4 is a message, 5 ends the move; in a message 0 is a connection, 2 an event, 3 an
 * acknowledgement.
 */
import { z } from 'zod';

export type Eio3Transport = 'polling' | 'websocket' | 'polling, then websocket';

const opened = z.object({
  sid: z.string(),
  pingInterval: z.number(),
  upgrades: z.array(z.string()),
});

export interface Eio3Client {
  handshake: z.infer<typeof opened>;
  /** What HAProxy sticks polls by; a WebSocket needs none. */
  cookie: string | null;
  /** Every packet so far, in the order of arrival. */
  packets: string[];
  /** What of them was an event: its name and its arguments. */
  events(): unknown[][];
  emit(...event: unknown[]): Promise<void>;
  sendPacket(packet: string): Promise<void>;
  /**
   * What one long poll brings, or the next frames: its packets, which are added to `packets` too;
   * undefined when the server has closed.
   */
  poll(): Promise<string[] | undefined>;
  /** As the page of 2017 does when it is left. */
  close(): Promise<void>;
}

interface Wire {
  send(packet: string): Promise<void>;
  close(): Promise<void>;
  receive(): Promise<string[] | undefined>;
}

const endpoint = '/socket.io/?EIO=3&transport=';

export async function connectEio3(
  url: string,
  transport: Eio3Transport = 'polling',
): Promise<Eio3Client> {
  if (transport === 'websocket') {
    const wire = await openWebSocket(`${url}${endpoint}websocket`);
    return clientOf(wire, (await wire.receive()) ?? [], null);
  }
  const response = await fetch(`${url}${endpoint}polling&b64=1`);
  const packets = decodePayload(await response.text());
  const { sid } = handshakeOf(packets);
  const cookie = response.headers.get('set-cookie');
  const wire =
    transport === 'polling' ? openPolling(url, sid, cookie) : await moveToWebSocket(url, sid);
  return clientOf(wire, packets, cookie);
}

function clientOf(wire: Wire, packets: string[], cookie: string | null): Eio3Client {
  return {
    handshake: handshakeOf(packets),
    cookie,
    packets,
    events: () =>
      packets
        .filter((packet) => packet.startsWith('42'))
        .map((packet) => z.array(z.unknown()).parse(JSON.parse(packet.slice(2)))),
    sendPacket: wire.send,
    close: wire.close,
    emit: (...event) => wire.send(`42${JSON.stringify(event)}`),
    async poll() {
      const arrived = await wire.receive();
      packets.push(...(arrived ?? []));
      return arrived;
    },
  };
}

function openPolling(url: string, sid: string, setCookie: string | null): Wire {
  const session = `${url}${endpoint}polling&b64=1&sid=${sid}`;
  const cookie = setCookie?.split(';')[0] ?? '';
  const send = async (packet: string) => {
    const answer = await fetch(session, {
      method: 'POST',
      headers: { cookie, 'content-type': 'text/plain;charset=UTF-8' },
      body: `${packet.length}:${packet}`,
    });
    if (answer.status !== 200) throw new Error(`the server refused ${packet}: ${answer.status}`);
  };
  return {
    send,
    close: () => send('1'),
    async receive() {
      const answer = await fetch(session, { headers: { cookie } });
      return answer.status === 200 ? decodePayload(await answer.text()) : undefined;
    },
  };
}

/** For simplicity nothing is polled meanwhile: the server keeps it for the WebSocket. */
async function moveToWebSocket(url: string, sid: string): Promise<Wire> {
  const wire = await openWebSocket(`${url}${endpoint}websocket&sid=${sid}`);
  await wire.send('2probe');
  const [answer] = (await wire.receive()) ?? [];
  if (answer !== '3probe') throw new Error(`expected the probe to come back, got ${answer}`);
  await wire.send('5');
  return wire;
}

async function openWebSocket(url: string): Promise<Wire> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'));
  let unread: string[] = [];
  let news = Promise.withResolvers<void>();
  socket.addEventListener('message', ({ data }) => {
    unread.push(String(data));
    news.resolve();
  });
  socket.addEventListener('close', () => news.resolve());
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', () => reject(new Error(`no WebSocket at ${url}`)));
  });
  return {
    async send(packet) {
      socket.send(packet);
    },
    async close() {
      socket.close();
    },
    async receive() {
      await news.promise;
      if (socket.readyState === WebSocket.OPEN) news = Promise.withResolvers();
      const arrived = unread;
      unread = [];
      return arrived.length > 0 ? arrived : undefined;
    },
  };
}

function handshakeOf([first = '']: string[]): z.infer<typeof opened> {
  return opened.parse(JSON.parse(first.slice(1)));
}

function decodePayload(payload: string): string[] {
  const packets: string[] = [];
  for (let rest = payload; rest !== ''; ) {
    const colon = rest.indexOf(':');
    const end = colon + 1 + Number(rest.slice(0, colon));
    packets.push(rest.slice(colon + 1, end));
    rest = rest.slice(end);
  }
  return packets;
}
