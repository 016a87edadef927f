/**
 * A client of 2017, written by hand for the tests: Engine.IO 3 over long polling, Socket.IO 2's packets,
 * no acknowledgement unless asked for. A payload is `LENGTH:PACKET` again and again, lengths in
 * characters; a packet is its type's digit and the text: 4 is a message, and in it 2 an event, 3 an
 * acknowledgement.
 */
import { z } from 'zod';

const opened = z.object({
  sid: z.string(),
  pingInterval: z.number(),
  upgrades: z.array(z.string()),
});

export interface Eio3Client {
  handshake: z.infer<typeof opened>;
  cookie: string | null;
  /** Every packet so far, in the order of arrival. */
  packets: string[];
  emit(...event: unknown[]): Promise<void>;
  sendPacket(packet: string): Promise<void>;
  /** One long poll: its packets, which are added to `packets` too; undefined when the server has closed. */
  poll(): Promise<string[] | undefined>;
}

export async function connectEio3(url: string): Promise<Eio3Client> {
  const endpoint = `${url}/socket.io/?EIO=3&transport=polling&b64=1`;
  const response = await fetch(endpoint);
  const packets = decodePayload(await response.text());
  const handshake = opened.parse(JSON.parse(packets[0]?.slice(1) ?? ''));
  const session = `${endpoint}&sid=${handshake.sid}`;

  async function sendPacket(packet: string): Promise<void> {
    const answer = await fetch(session, {
      method: 'POST',
      headers: { 'content-type': 'text/plain;charset=UTF-8' },
      body: encodePacket(packet),
    });
    if (answer.status !== 200) throw new Error(`the server refused ${packet}: ${answer.status}`);
  }

  return {
    handshake,
    cookie: response.headers.get('set-cookie'),
    packets,
    sendPacket,
    emit: (...event) => sendPacket(`42${JSON.stringify(event)}`),
    async poll() {
      const answer = await fetch(session);
      if (answer.status !== 200) return undefined;
      const arrived = decodePayload(await answer.text());
      packets.push(...arrived);
      return arrived;
    },
  };
}

const encodePacket = (packet: string): string => `${packet.length}:${packet}`;

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
