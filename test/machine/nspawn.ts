/**
 * Boots a bare Debian, with systemd as its first process, in a container of systemd-nspawn.
 *
 * The tree stays as it is: each machine has a layer of its own over it, which goes with it. Commands
 * run in it as units of its systemd, so that killing one kills all that it has started.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@microflack/common/testing/until.ts';
import { execa } from 'execa';
import type { Ended, Machine } from './machine.ts';
import type { Network } from './network.ts';

const bootMs = 60_000;

export interface Container extends Machine {
  address: string;
}

export interface Wanted {
  tree: string;
  network: Network;
  /** From 2 on; no two at once have the same. */
  number: number;
  /** A folder of this machine's, and where it is seen inside. */
  share: { folder: string; at: string };
}

export async function bootContainer(wanted: Wanted): Promise<Container> {
  const { tree, network, number } = wanted;
  const layer = await mkdtemp(join(tmpdir(), 'mf-machine-'));
  const root = await mountOver(tree, layer);
  const address = network.address(number);
  await settle(root, `mf-machine-${number}`, `${address}/24`, network.gateway);
  const configuration = await admit(layer, root, address);
  let booted = await boot(layer, root, wanted);
  return {
    address,
    sshConfig: async () => configuration,
    run: (line, { input, env = {} } = {}) => inside(booted.init, asUnit(line, env), input),
    async reboot() {
      await booted.off();
      booted = await boot(layer, root, wanted);
    },
    async remove() {
      await booted.off();
      await execa('umount', [root]);
      await rm(layer, { recursive: true });
    },
  };
}

/** Switches it on. `off` shuts it down in order, as its switch does. */
async function boot(layer: string, root: string, { network, number, share }: Wanted) {
  const nspawn = spawn(
    'systemd-nspawn',
    [
      ...['--quiet', '--register=no', '--keep-unit', '--boot', '--resolv-conf=off'],
      ...[`--directory=${root}`, `--machine=mf-machine-${number}`],
      `--network-bridge=${network.bridge}`,
      `--bind=${escaped(share.folder)}:${escaped(share.at)}`,
    ],
    {
      // A Ctrl-C goes to the whole group: it shall end the tests, and they the machine, in order.
      detached: true,
      stdio: 'ignore',
      env: { ...process.env, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1' },
    },
  );
  const gone = once(nspawn, 'exit');
  await writeFile(join(layer, 'pid'), String(nspawn.pid)); // for clean.sh
  const init = await until('its first process', () => firstProcess(nspawn.pid), bootMs);
  const state = () => inside(init, ['systemctl', 'is-system-running', '--wait']);
  // What is degraded in a container (a device, a clock) is nothing of ours.
  const isUp = async () => /running|degraded/.test((await state()).text);
  await until('it has booted', isUp, bootMs);
  const off = async () => {
    nspawn.kill('SIGTERM');
    await gone;
  };
  return { init, off };
}

async function mountOver(tree: string, layer: string): Promise<string> {
  const [upper, work, root] = ['upper', 'work', 'root'].map((name) => join(layer, name));
  if (!upper || !work || !root) throw new Error('expected three folders');
  for (const folder of [upper, work, root]) await mkdir(folder);
  const options = `lowerdir=${tree},upperdir=${upper},workdir=${work}`;
  await execa('mount', ['-t', 'overlay', 'overlay', '-o', options, root]);
  return root;
}

/** The name, the address and the resolver that a hypervisor would give it. */
async function settle(root: string, name: string, address: string, gateway: string) {
  const network = `[Match]\nName=host0\n[Network]\nAddress=${address}\nGateway=${gateway}\n`;
  await writeFile(join(root, 'etc/hostname'), `${name}\n`);
  await writeFile(join(root, 'etc/hosts'), `127.0.0.1 localhost\n127.0.1.1 ${name}\n`);
  await writeFile(join(root, 'etc/systemd/network/10-host0.network'), network);
  await rm(join(root, 'etc/resolv.conf'), { force: true });
  await writeFile(join(root, 'etc/resolv.conf'), await readFile('/etc/resolv.conf'));
  await execa('ssh-keygen', ['-A', '-f', root]);
  await execa('systemctl', [`--root=${root}`, 'enable', 'systemd-networkd', 'ssh']);
}

/** Its user `vagrant` takes a key of ours, as a box's takes Vagrant's; resolves to how ssh reaches it. */
async function admit(layer: string, root: string, address: string): Promise<string> {
  const [key, configuration] = [join(layer, 'key'), join(layer, 'ssh-config')];
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  const folder = join(root, 'home/vagrant/.ssh');
  await mkdir(folder, { mode: 0o700 });
  await writeFile(join(folder, 'authorized_keys'), await readFile(`${key}.pub`));
  await execa('chown', ['-R', '--reference', join(root, 'home/vagrant'), folder]);
  const known = 'StrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nLogLevel ERROR\n';
  const who = `Host default\nHostName ${address}\nUser vagrant\nIdentityFile ${key}\n`;
  await writeFile(configuration, `${who}IdentitiesOnly yes\n${known}`);
  return configuration;
}

/** Its systemd, by the number that this machine gives it; before that nspawn has helpers among its children. */
async function firstProcess(nspawn: number | undefined): Promise<string | undefined> {
  const { stdout } = await execa('ps', ['--ppid', String(nspawn), '-o', 'pid='], { reject: false });
  for (const pid of stdout.split(/\s+/).filter((word) => word !== '')) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    if (/^Name:\tsystemd$/m.test(status) && /^NSpid:\t\d+\t1$/m.test(status)) return pid;
  }
  return undefined;
}

function asUnit(line: string, env: Record<string, string>): string[] {
  const settings = Object.entries(env).map(([name, value]) => `--setenv=${name}=${value}`);
  const unit = ['systemd-run', '--quiet', '--wait', '--pipe', '--collect', ...settings];
  return [...unit, '--setenv=LC_ALL=C.UTF-8', '--setenv=HOME=/root', 'bash', '-c', line];
}

async function inside(pid: string, command: string[], input?: string): Promise<Ended> {
  const { exitCode, stdout, stderr } = await execa('nsenter', ['-a', '-t', pid, '--', ...command], {
    reject: false,
    ...(input === undefined ? { stdin: 'ignore' } : { input }),
  });
  return { code: exitCode, text: [stdout, stderr].filter((text) => text !== '').join('\n') };
}

/** A colon parts the two folders of a --bind. */
function escaped(path: string): string {
  return path.replaceAll(':', '\\:');
}
