/**
 * The virtual machine as this computer reaches it: by ssh, as `vagrant ssh-config` says.
 *
 * Every connection is a process of its own that ends with its input, so that none outlives us; it is in
 * a group of its own, because a service that is stopped by Ctrl-C still needs it to say goodbye.
 */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { messageOf, StepFailure } from '../failure.ts';

/** The only machine of the Vagrantfile's, by the name that Vagrant gives it. */
const machine = 'default';
/** A machine that was halted is missed within 15 s. */
const flags = [
  ...['-o', 'BatchMode=yes', '-o', 'ExitOnForwardFailure=yes'],
  ...['-o', 'ServerAliveInterval=5', '-o', 'ServerAliveCountMax=3'],
];
const mark = 'connected';

export interface Guest {
  /** Runs `mf …` there, which is an administrator's. */
  mf(words: readonly string[]): ReturnType<typeof open>;
  /** This computer's port leads to the machine's of the same number, or of another one. */
  lead(port: number, to?: number): Promise<Connection>;
  /** The machine's port leads to this computer's of the same number. */
  leadBack(port: number): Promise<Connection>;
  /** Forgets how it is reached. */
  forget(): Promise<void>;
}

export interface Connection {
  /** Resolves when it has ended, whoever ended it. */
  ended: Promise<void>;
  end(): void;
}

/** By a file of ssh's, where one is given; else by what Vagrant says of the checkout's machine. */
export async function reachGuest(checkout: string, file: string | undefined): Promise<Guest> {
  const folder = await mkdtemp(join(tmpdir(), 'mf-dev-'));
  const configuration = file ?? join(folder, 'ssh-config');
  const forget = () => rm(folder, { recursive: true, force: true });
  try {
    if (file === undefined) await writeFile(configuration, await askVagrant(checkout));
  } catch (error) {
    await forget();
    throw error;
  }
  const connection = (...forward: string[]) => connect(configuration, forward);
  return {
    mf: (words) => open(configuration, [], ['mf', ...words].map(quoted).join(' ')),
    lead: (port, to = port) => connection('-L', `127.0.0.1:${port}:127.0.0.1:${to}`),
    leadBack: (port) => connection('-R', `127.0.0.1:${port}:127.0.0.1:${port}`),
    forget,
  };
}

async function askVagrant(checkout: string): Promise<string> {
  try {
    return (await execa('vagrant', ['ssh-config'], { cwd: checkout, stdin: 'ignore' })).stdout;
  } catch (error) {
    throw new StepFailure('vm', `the machine is not up: ${messageOf(error)}`, 'vagrant up');
  }
}

function open(configuration: string, forward: readonly string[], line: string) {
  return execa('ssh', ['-F', configuration, ...flags, ...forward, machine, line], {
    detached: true,
    reject: false,
  });
}

/** Resolves when the port leads there; rejects where it does not. */
async function connect(configuration: string, forward: readonly string[]): Promise<Connection> {
  const ssh = open(configuration, forward, `echo ${mark}; cat`);
  const said = once(ssh.stdout, 'data').then(() => true);
  const works = await Promise.race([said, ssh.then(() => false)]);
  if (!works) throw new StepFailure('vm', lastWords(await ssh), 'vagrant ssh');
  return { ended: ssh.then(() => undefined), end: () => ssh.kill() };
}

/** Why ssh, or what it ran there, has ended. */
export function lastWords({ stderr, shortMessage }: Awaited<ReturnType<typeof open>>): string {
  return stderr || (shortMessage ?? 'the connection has ended');
}

/** A word of a line of shell. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
