/**
 * A network of their own for the machines under test: a bridge on this machine, and the way out through it.
 *
 * Ports of a machine can then be looked at from outside, and none of them is this machine's. Made
 * before the first machine and removed after the last; what was set here before is set again.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { execa } from 'execa';

export interface Network {
  bridge: string;
  gateway: string;
  /** For the machine of this number, from 2 on. */
  address(number: number): string;
  remove(): Promise<void>;
}

/** Of RFC 2544's range for tests of devices, which nobody's network has. */
const prefix = '198.18.77';
const bridge = 'mf-machines';
const forwarding = '/proc/sys/net/ipv4/ip_forward';
const masquerade = `chain out {
  type nat hook postrouting priority srcnat;
  ip saddr ${prefix}.0/24 oifname != "${bridge}" masquerade
}`;
const reject = `chain out {
  type filter hook forward priority filter;
  ip saddr ${prefix}.0/24 oifname != "${bridge}" reject with icmp admin-prohibited
}`;

/** `open`: machines reach what this one reaches; `shut`: this one and each other, and nothing beyond. */
export async function makeNetwork(is: 'open' | 'shut' = 'open'): Promise<Network> {
  await removeBridge(); // of a run that was killed
  const before = await readFile(forwarding, 'utf8');
  await execa('ip', ['link', 'add', bridge, 'type', 'bridge']);
  await execa('ip', ['address', 'add', `${prefix}.1/24`, 'dev', bridge]);
  await execa('ip', ['link', 'set', bridge, 'up']);
  await writeFile(forwarding, '1');
  const chain = is === 'open' ? masquerade : reject;
  await execa('nft', ['-f', '-'], { input: `table ip ${bridge} {\n${chain}\n}\n` });
  return {
    bridge,
    gateway: `${prefix}.1`,
    address: (number) => `${prefix}.${number}`,
    async remove() {
      await writeFile(forwarding, before);
      await removeBridge();
    },
  };
}

async function removeBridge(): Promise<void> {
  const quietly = { reject: false } as const;
  await execa('nft', ['delete', 'table', 'ip', bridge], quietly);
  await execa('ip', ['link', 'delete', bridge], quietly);
}
