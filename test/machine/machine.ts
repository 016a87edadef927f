/** What the tests of whole machines need of one, whatever it is: a container of systemd's, or a virtual machine of Vagrant's. */
import { readFile } from 'node:fs/promises';

export interface Ended {
  code: number | undefined;
  /** stdout, then stderr. */
  text: string;
}

export interface Machine {
  /** Of the machine itself, to look at its ports from outside; undefined where it cannot be reached so. */
  address: string | undefined;
  /** Runs a line of bash as root in it. */
  run(line: string, options?: { input?: string; env?: Record<string, string> }): Promise<Ended>;
  /** A file that tells ssh how to reach it, as `vagrant ssh-config` would. */
  sshConfig(): Promise<string>;
  /** Resolves when it has booted again. */
  reboot(): Promise<void>;
  /** Off, and nothing of it is left. */
  remove(): Promise<void>;
}

/** Where the machine's copy of this one's certificates is put: in memory, so that no box ever holds it. */
const certificates = '/run/microflack-ca.crt';

/** What a network needs of this machine's settings, as the Vagrantfile hands it to provisioning. */
export async function handOnNetwork(machine: Machine): Promise<Record<string, string>> {
  const names = ['http_proxy', 'https_proxy', 'no_proxy', 'npm_config_registry'];
  const env = Object.fromEntries(names.flatMap((name) => pair(name, process.env[name])));
  const file = process.env.NODE_EXTRA_CA_CERTS ?? process.env.SSL_CERT_FILE;
  if (!file) return env;
  await succeed(machine, `cat >${certificates}`, { input: await readFile(file, 'utf8') });
  return { ...env, NODE_EXTRA_CA_CERTS: certificates, SSL_CERT_FILE: certificates };
}

/** Rejects with everything it said when it does not end with 0; resolves to what it said. */
export async function succeed(
  machine: Machine,
  ...command: Parameters<Machine['run']>
): Promise<string> {
  const { code, text } = await machine.run(...command);
  if (code !== 0) throw new Error(`${command[0]} ended with ${code}: ${text.slice(-4000)}`);
  return text;
}

function pair(name: string, value: string | undefined): [string, string][] {
  return value ? [[name, value]] : [];
}
