/**
 * A virtual machine of Vagrant's, made from the checkout as anybody would: `vagrant up`, and what follows.
 *
 * Vagrant's home, its box and its machine are in one folder, and the machine is emulated unless
 * MF_LIBVIRT_DRIVER says that there is a KVM: so it runs where this does, slowly.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { quoted } from '../../scripts/lib/dev/guest.ts';
import type { Ended, Machine } from '../machine/machine.ts';

export interface Vagrant extends Machine {
  /** `vagrant VERB …`, to its end; resolves to what it said, and rejects where it fails. */
  do(...args: string[]): Promise<string>;
  /** Another program with the same home, provider and box: `scripts/mf box`. */
  with(program: string, ...args: string[]): Promise<string>;
  /** The URL that its last `up` has printed. */
  url(): string;
}

/** `settings`: of the Vagrantfile's, MF_BOX say. */
export function vagrantIn(
  folder: string,
  checkout: string,
  settings: Record<string, string>,
): Vagrant {
  const env = {
    VAGRANT_HOME: join(folder, 'home'),
    VAGRANT_DOTFILE_PATH: join(folder, 'machine'),
    VAGRANT_DEFAULT_PROVIDER: 'libvirt',
    MF_LIBVIRT_DRIVER: process.env.MF_LIBVIRT_DRIVER ?? 'qemu',
    MF_PORT: '8171',
    ...settings,
  };
  let url = '';

  /** What ssh has to know, until the next change: Vagrant takes seconds to say it. */
  let configuration: string | undefined;

  async function run(program: string, ...args: string[]): Promise<string> {
    await mkdir(folder, { recursive: true });
    const { all } = await execa(program, args, { cwd: checkout, env, all: true, stdin: 'ignore' });
    url = /MicroFlack is at (?<url>http:\S+)/.exec(all)?.groups?.url ?? url;
    return all;
  }

  async function change(...args: string[]): Promise<string> {
    configuration = undefined;
    return run('vagrant', ...args);
  }

  async function sshConfig(): Promise<string> {
    if (configuration !== undefined) return configuration;
    const text = await run('vagrant', 'ssh-config');
    configuration = join(folder, 'ssh-config');
    await writeFile(configuration, text);
    return configuration;
  }

  async function inside(line: string, { input = '', env: given = {} } = {}): Promise<Ended> {
    const set = Object.entries<string>(given).map(([name, value]) => `${name}=${quoted(value)}`);
    const command = ['sudo', 'env', ...set, 'bash', '-c', quoted(line)].join(' ');
    const { exitCode, stdout, stderr } = await execa(
      'ssh',
      ['-F', await sshConfig(), 'default', command],
      {
        input,
        reject: false,
      },
    );
    return { code: exitCode, text: [stdout, stderr].filter((text) => text !== '').join('\n') };
  }

  return {
    address: undefined,
    do: change,
    with: run,
    url: () => url,
    run: inside,
    sshConfig,
    reboot: async () => void (await change('reload')),
    remove: async () => void (await change('destroy', '--force')),
  };
}
