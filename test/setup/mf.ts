/** Runs `mf` as a person does, for the tests' setups and for the tests of its verbs. */
import { join } from 'node:path';
import { execa } from 'execa';

export const checkout = join(import.meta.dirname, '../..');

/** Rejects with everything it said when it does not end with 0. */
export async function mf(...args: string[]): Promise<string> {
  const { stdout } = await execa(join(checkout, 'scripts/mf'), args, { all: true });
  return stdout;
}
