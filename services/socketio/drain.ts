/**
 * Sends the sockets of a leaving instance to the others, a slice at a time, so that these are not
 * met by everybody at once. main.ts calls it when the instance is out of the balancer already: who
 * reconnects lands elsewhere. Clients that know `reconnect_soon` move before their socket is closed;
 * the others reconnect because it was.
 */

/** As much of a Socket.IO socket as is needed to send it away. */
export interface DrainableSocket {
  emit(event: 'reconnect_soon', notice: { within_ms: number }): unknown;
  readonly conn: { close(): unknown };
}

const slicesAtMost = 50;
const sliceOfAtLeast = 20;
const betweenSlicesMs = 100;
const reconnectWithinMs = 1_000;
const latecomersMs = 500;

export async function drainSockets(sockets: readonly DrainableSocket[]): Promise<void> {
  const closings: Promise<void>[] = [];
  for (const slice of slicesOf(sockets)) {
    if (closings.length > 0) await pause(betweenSlicesMs);
    closings.push(sendAway(slice));
  }
  await Promise.all(closings);
}

async function sendAway(slice: readonly DrainableSocket[]): Promise<void> {
  for (const socket of slice) socket.emit('reconnect_soon', { within_ms: reconnectWithinMs });
  await pause(reconnectWithinMs + latecomersMs);
  for (const socket of slice) socket.conn.close();
}

export function slicesOf<T>(items: readonly T[]): T[][] {
  const size = Math.max(sliceOfAtLeast, Math.ceil(items.length / slicesAtMost));
  const slices: T[][] = [];
  for (let start = 0; start < items.length; start += size) {
    slices.push(items.slice(start, start + size));
  }
  return slices;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
