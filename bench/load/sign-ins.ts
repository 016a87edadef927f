/** People who register and sign in: the password is hashed once, and compared once. */
import { drive } from '../drive.ts';
import type { Latencies } from '../percentiles.ts';
import type { JobOf } from './job.ts';
import { registerAndSignIn } from './person.ts';

export async function signIns({ url, load }: JobOf<'sign-ins'>): Promise<Latencies> {
  return drive(load, () => registerAndSignIn(url));
}
