/**
 * What polling clients of Socket.IO 1 need to be understood, and to understand: the page of 2017 has one
 * (1.4.6). server.ts shows every connection here; those of today are left alone.
 *
 * Such a client takes the text of a poll for UTF-8 once more than it is, and closes the connection over
 * the first letter that is none; what it sends has been encoded twice. Clients of Socket.IO 2 speak the
 * same Engine.IO 3 and do neither. In JSON every letter can be escaped, which all of them understand. What
 * comes in is decoded a second time where that works, as it does for nothing that people write.
 */

interface Connection {
  readonly protocol: number;
  readonly transport: { readonly name: string };
  on(event: 'packet' | 'packetCreate', listener: (packet: { data?: unknown }) => void): unknown;
}

export function speakAsIn2017(connection: Connection): void {
  if (connection.protocol !== 3) return;
  connection.on('packetCreate', (packet) => {
    if (typeof packet.data === 'string') packet.data = escaped(packet.data);
  });
  connection.on('packet', (packet) => {
    const polled = connection.transport.name === 'polling';
    if (polled && typeof packet.data === 'string') packet.data = decodedOnce(packet.data);
  });
}

/** JSON with nothing but ASCII in it. */
export function escaped(json: string): string {
  return json.replace(/[^\0-\x7f]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** The text whose UTF-8 bytes came as one character each; any other text as it is. */
export function decodedOnce(text: string): string {
  if (!/[\x80-\xff]/.test(text) || /[^\0-\xff]/.test(text)) return text;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'latin1'));
  } catch {
    return text; // letters such as é, as they are
  }
}
