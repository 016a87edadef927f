/**
 * The Socket.IO server of an instance: its limits, its time-outs and who may connect. main.ts makes
 * one. The cookie is what HAProxy sticks polling clients by; there is no adapter and no memory of
 * clients who left.
 */
import type { Server as HttpServer } from 'node:http';
import { Server } from 'socket.io';
import { type AdmissionLimits, clientAddress, createAdmission } from './admission.ts';
import { speakAsIn2017 } from './clients-of-2017.ts';

/** A socket whose other end is gone without a word is noticed after at most the sum of these. */
const pingIntervalMs = 25_000;
const pingTimeoutMs = 20_000;
const joinTimeoutMs = 10_000;
/** The longest message there may be, every character of it escaped (\u0000), and a token. */
const eventBytesAtMost = 16_384 * 6 + 8_192;

export function createSocketServer(http: HttpServer, limits: AdmissionLimits): Server {
  const admission = createAdmission(limits);
  const io = new Server(http, {
    path: '/socket.io',
    serveClient: false,
    allowEIO3: true,
    allowRequest({ headers, socket }, decide) {
      const refusal = admission.refusal(headers, clientAddress(headers, socket.remoteAddress));
      decide(refusal, refusal === undefined);
    },
    cookie: { name: 'io', path: '/', httpOnly: true, sameSite: 'lax' },
    cors: { origin: [...limits.socketOrigins], credentials: true },
    pingInterval: pingIntervalMs,
    pingTimeout: pingTimeoutMs,
    connectTimeout: joinTimeoutMs,
    maxHttpBufferSize: eventBytesAtMost,
    perMessageDeflate: false,
    httpCompression: false,
  });
  io.engine.on('connection', (connection) => {
    const { headers, socket } = connection.request;
    const address = clientAddress(headers, socket.remoteAddress);
    speakAsIn2017(connection);
    admission.opened(address);
    connection.once('close', () => admission.closed(address));
  });
  return io;
}
