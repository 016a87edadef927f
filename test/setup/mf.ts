/** Runs `mf` as a person does, for the tests' setups and for the tests of its verbs. */
import { join } from 'node:path';
import { execa, type Options } from 'execa';

export const checkout = join(import.meta.dirname, '../..');

/** Rejects with everything it said when it does not end with 0. */
export async function mf(...args: string[]): Promise<string> {
  const { stdout } = await execa(join(checkout, 'scripts/mf'), args, { all: true });
  return stdout;
}

export interface Ended {
  code: number | undefined;
  out: string;
  err: string;
}

/** Whatever it ends with. */
export async function tryMf(args: readonly string[], options: Options = {}): Promise<Ended> {
  const result = await execa(join(checkout, 'scripts/mf'), args, { ...options, reject: false });
  return { code: result.exitCode, out: String(result.stdout), err: String(result.stderr) };
}
