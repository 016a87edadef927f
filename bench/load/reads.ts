/** Reads over REST without a token, as a page does when it opens. */
import { drive } from '../drive.ts';
import type { Latencies } from '../percentiles.ts';
import { openLanes } from './http.ts';
import type { JobOf } from './job.ts';

export async function reads({ url, path, load }: JobOf<'reads'>): Promise<Latencies> {
  const lanes = openLanes(url, load.lanes);
  return drive(load, async (lane) => lanes[lane]?.send({ method: 'GET', path }));
}
