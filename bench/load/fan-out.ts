/**
 * How long a message takes from the start of its POST to every socket that hears of it. Poster and
 * listeners are one process, so that one clock measures both. A message that did not reach a socket ends
 * it: a fan-out with holes has no percentiles.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type Latencies, summarise } from '../percentiles.ts';
import { openLanes } from './http.ts';
import type { JobOf } from './job.ts';
import { openLightSocket } from './light-socket.ts';

/** What the listeners look for in the bytes of an event, in front of the message's number. */
const marker = '"source":"fan-out ';
const quietMs = 1_000;
const posters = 8;

export async function fanOut(job: JobOf<'fan-out'>): Promise<Latencies> {
  const warmUps = Math.round((job.warmUpMs / 1_000) * job.perSecond);
  const count = warmUps + Math.round((job.measureMs / 1_000) * job.perSecond);
  const postedAt = new Float64Array(count);
  const latenciesMs: number[] = [];
  let arrived = 0;
  const listeners = Array.from({ length: job.sockets }, () => {
    const heard = new Uint8Array(count);
    return openLightSocket(new URL(job.socketsUrl), (text) => {
      const number = numberIn(text);
      if (number === undefined || heard[number] !== 0) return;
      heard[number] = 1;
      arrived += 1;
      if (number < warmUps) return;
      latenciesMs.push(performance.now() - (postedAt[number] ?? Number.NaN));
    });
  });
  await Promise.all(listeners.map(({ joined }) => joined));
  await pause(quietMs);

  await postAtPace(job, postedAt);
  await pause(quietMs);
  for (const listener of listeners) listener.close();

  const missing = count * job.sockets - arrived;
  if (missing > 0) throw new Error(`${missing} of ${count * job.sockets} messages did not arrive`);
  return summarise(latenciesMs, job.measureMs);
}

/** Every message at its own time, however long the one before took. */
async function postAtPace(job: JobOf<'fan-out'>, postedAt: Float64Array): Promise<void> {
  const lanes = openLanes(job.postUrl, posters);
  const startedAt = performance.now();
  const posts: Promise<unknown>[] = [];
  for (const number of postedAt.keys()) {
    const earlyMs = startedAt + (number * 1_000) / job.perSecond - performance.now();
    if (earlyMs > 0) await pause(earlyMs);
    postedAt[number] = performance.now();
    const post = lanes[number % posters]?.send({
      method: 'POST',
      path: '/api/messages',
      headers: { authorization: `Bearer ${job.token}`, 'idempotency-key': randomUUID() },
      body: { source: `fan-out ${number} of the benchmark` },
    });
    posts.push(post ?? Promise.resolve());
  }
  await Promise.all(posts);
}

function numberIn(text: Buffer): number | undefined {
  const at = text.indexOf(marker);
  if (at < 0) return undefined;
  return Number.parseInt(text.toString('latin1', at + marker.length, at + marker.length + 8), 10);
}
