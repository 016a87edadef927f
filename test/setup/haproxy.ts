/** What HAProxy says of the instances that it serves in the stack under test. */
import { type Served, servedBy } from '../../bench/served.ts';
import { wholeStack } from './whole.ts';

/** Those of one program where it is named. */
export async function served(program?: string): Promise<Served[]> {
  const all = await servedBy(await wholeStack());
  return all.filter(({ id }) => program === undefined || id.startsWith(`${program}-`));
}
