/**
 * A socket that costs next to nothing: Engine.IO 4 over WebSocket straight on a TCP connection, with just
 * as much of both as listening takes. Five hundred of Socket.IO's own clients in one process would be
 * slower than what is measured. It answers pings, hands each text on as bytes, and knows no errors but one:
 * the connection ends. It never comes back by itself.
 */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

const textFrame = 0x1;
const closeFrame = 0x8;
const joinDefaultNamespace = '40';
const [ping, pong] = ['2', '3'];

export interface LightSocket {
  joined: Promise<void>;
  /** Resolves when the connection is over, whoever ended it. */
  ended: Promise<void>;
  close(): void;
}

export function openLightSocket(url: URL, onText: (text: Buffer) => void): LightSocket {
  const tcp = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
  let closing = false;
  let unread: Buffer = Buffer.alloc(0);
  let upgraded = false;
  const ended = new Promise<void>((resolve) => tcp.once('close', () => resolve()));

  const joined = new Promise<void>((resolve, reject) => {
    tcp.once('close', () => {
      if (!closing) reject(new Error('the server closed a socket'));
    });
    tcp.on('error', reject);
    tcp.on('data', (chunk) => {
      unread = unread.length === 0 ? chunk : Buffer.concat([unread, chunk]);
      if (!upgraded) upgraded = readUpgrade();
      if (upgraded) readFrames(resolve);
    });
  });
  tcp.write(upgradeRequest(url));

  function readUpgrade(): boolean {
    const end = unread.indexOf('\r\n\r\n');
    if (end < 0) return false;
    const status = unread.subarray(0, end).toString().split('\r\n')[0];
    unread = unread.subarray(end + 4);
    if (status?.includes(' 101 ')) return true;
    tcp.destroy(new Error(`no upgrade: ${status}`));
    return false;
  }

  function readFrames(onJoined: () => void): void {
    for (let frame = frameAt(unread); frame; frame = frameAt(unread)) {
      unread = unread.subarray(frame.end);
      if (frame.opcode === closeFrame) tcp.end();
      if (frame.opcode !== textFrame) continue;
      const { text } = frame;
      const kind = String.fromCharCode(text[0] ?? 0);
      if (kind === '0') send(tcp, joinDefaultNamespace);
      else if (kind === ping) send(tcp, pong);
      else if (text[1] === joinDefaultNamespace.charCodeAt(1)) onJoined();
      else onText(text);
    }
  }

  return {
    joined,
    ended,
    close() {
      closing = true;
      tcp.destroy();
    },
  };
}

function upgradeRequest(url: URL): string {
  const lines = [
    'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1',
    `Host: ${url.host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

interface Frame {
  opcode: number;
  text: Buffer;
  end: number;
}

/** The first frame of these bytes, or undefined while it is not whole. A server's frames are not masked. */
function frameAt(bytes: Buffer): Frame | undefined {
  if (bytes.length < 2) return undefined;
  const opcode = bytes.readUInt8(0) & 0x0f;
  let length = bytes.readUInt8(1);
  let start = 2;
  if (length === 126) {
    if (bytes.length < 4) return undefined;
    length = bytes.readUInt16BE(2);
    start = 4;
  } else if (length === 127) {
    if (bytes.length < 10) return undefined;
    length = Number(bytes.readBigUInt64BE(2));
    start = 10;
  }
  const end = start + length;
  return end > bytes.length ? undefined : { opcode, text: bytes.subarray(start, end), end };
}

/** A client must mask; a mask of zeros leaves the text as it is. */
function send(tcp: Socket, text: string): void {
  const [finalText, masked] = [0x81, 0x80];
  tcp.write(Buffer.from([finalText, masked | text.length, 0, 0, 0, 0, ...Buffer.from(text)]));
}
