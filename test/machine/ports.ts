/** Which ports of a machine can be reached, seen from outside: each is knocked at. */
import { once } from 'node:events';
import { connect } from 'node:net';

const lastPort = 65_535;
const atOnce = 500;
/** On the same bridge an answer takes less than a millisecond; one that says nothing is not there. */
const patienceMs = 2000;

export async function openPorts(address: string, from = 1, to = lastPort): Promise<number[]> {
  const found: number[] = [];
  let next = from;
  async function knock(): Promise<void> {
    while (next <= to) {
      const port = next;
      next += 1;
      if (await answers(address, port)) found.push(port);
    }
  }
  await Promise.all(Array.from({ length: atOnce }, knock));
  return found.sort((a, b) => a - b);
}

async function answers(address: string, port: number): Promise<boolean> {
  const socket = connect({ host: address, port, timeout: patienceMs });
  socket.on('timeout', () => socket.destroy(new Error('no answer')));
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false; // refused, or no answer
  } finally {
    socket.destroy();
  }
}

/** The addresses beyond loopback on which it waits for datagrams, in the words of `ss -Hlnu`. */
export function beyondLoopback(listing: string): string[] {
  const addresses = listing.split('\n').map((line) => line.trim().split(/\s+/)[3] ?? '');
  return addresses.filter((one) => one !== '' && !/^(127\.|\[::1\])/.test(one));
}
