/**
 * Machines with a copy of this checkout in them, as Vagrant would share it, and their provisioning.
 *
 * The copy lies in a folder with a space and letters beyond ASCII in its name, and has lost its exec
 * bits, as happens to a checkout on the way over Windows.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { checkout } from '../setup/mf.ts';
import { handOnNetwork, type Machine } from './machine.ts';

export const shared = '/vagrant';
export const provisioning = `bash ${shared}/provision/machine.sh`;

/** All that git knows or would know, and its history. */
export async function shareCheckout(): Promise<{ folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'Mein Fläck '));
  const listed = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const { stdout } = await execa('git', listed, { cwd: checkout });
  await execa(
    'rsync',
    ['-a', '--from0', '--files-from=-', '--ignore-missing-args', '--chmod=F644', '.', folder],
    {
      cwd: checkout,
      input: stdout,
    },
  );
  await execa('git', ['clone', '--quiet', '--no-checkout', checkout, join(folder, 'clone')]);
  await execa('mv', [join(folder, 'clone/.git'), join(folder, '.git')]);
  await rm(join(folder, 'clone'), { recursive: true });
  return { folder, remove: () => rm(folder, { recursive: true }) };
}

/** Resolves to what it said. `settings`: of a network that is not this machine's. */
export async function provision(
  machine: Machine,
  settings: Record<string, string> = {},
): Promise<{ code: number | undefined; text: string; seconds: number }> {
  const env = { ...(await handOnNetwork(machine)), ...settings };
  const begun = performance.now();
  const ended = await machine.run(provisioning, { env });
  return { ...ended, seconds: (performance.now() - begun) / 1000 };
}
