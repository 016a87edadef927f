/** What both suites begin with: a folder for it all, a bare Debian as a box, libvirt, and a checkout to start from. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { bareDebian } from '../machine/bare-debian.ts';
import { shareCheckout } from '../machine/provisioned.ts';

export interface Grounds {
  /** Vagrant's home and whatever a suite makes; clean.sh finds it by its name. */
  folder: string;
  checkout: string;
  /** A file that Vagrant takes as MF_BOX. */
  bareBox: string;
}

export async function prepareGrounds(): Promise<Grounds> {
  const folder = await mkdtemp(join(tmpdir(), 'mf-vm-'));
  const bareBox = join(folder, 'microflack-bare.box');
  const make = join(import.meta.dirname, 'box.sh');
  const tree = await bareDebian();
  await timed('the box', () => execa('bash', [make, tree, bareBox]));
  await execa('bash', [join(import.meta.dirname, 'libvirt.sh'), folder]);
  const { folder: checkout } = await shareCheckout();
  return { folder, checkout, bareBox };
}

/** Prints how long it took. */
export async function timed<T>(what: string, work: () => PromiseLike<T>): Promise<T> {
  const begun = performance.now();
  const result = await work();
  process.stdout.write(`${what}: ${((performance.now() - begun) / 1000).toFixed(1)} s\n`);
  return result;
}
