/** Posts over REST: each lane is a person who posts one message after the other. */
import { randomUUID } from 'node:crypto';
import { drive } from '../drive.ts';
import type { Latencies } from '../percentiles.ts';
import { openLanes } from './http.ts';
import type { JobOf } from './job.ts';

export async function posts({ url, tokens, load }: JobOf<'posts'>): Promise<Latencies> {
  const lanes = openLanes(url, load.lanes);
  return drive(load, async (lane, turn) =>
    lanes[lane]?.send({
      method: 'POST',
      path: '/api/messages',
      headers: {
        authorization: `Bearer ${tokens[lane % tokens.length]}`,
        'idempotency-key': randomUUID(),
      },
      body: { source: `The *${turn}th* message of lane ${lane}` },
    }),
  );
}
