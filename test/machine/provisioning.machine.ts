/** A bare Debian becomes a MicroFlack: by one clean run, by a second one, and by runs that are killed. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bareDebian } from './bare-debian.ts';
import { promisesOfAChat, promisesOfAMachine, publicPort } from './conformance.ts';
import { fingerprint, writtenSince } from './fingerprint.ts';
import { forwardTo } from './forward.ts';
import { promisesOfALaptop } from './laptop.ts';
import { handOnNetwork, type Machine, succeed } from './machine.ts';
import { makeNetwork } from './network.ts';
import { bootContainer, type Container } from './nspawn.ts';
import { beyondLoopback, openPorts } from './ports.ts';
import { provision, provisioning, shareCheckout, shared } from './provisioned.ts';

/** Where a run is killed: as soon as this line of bash says yes. */
const killedAt = {
  'while dpkg installs':
    'test -e /var/lib/dpkg/info/mariadb-server.list && pgrep -x dpkg >/dev/null',
  "while npm's packages are installed": 'test -d /opt/microflack/checkout/node_modules/esbuild',
  'while the stack starts': 'test -e /var/lib/microflack/default/stack.json',
};

const toRemove: (() => Promise<void>)[] = [];
let clean: Container;
let killed: Container;
let asProvisioned: string[];

beforeAll(async () => {
  const [tree, network, share] = [await bareDebian(), await makeNetwork(), await shareCheckout()];
  toRemove.push(network.remove, share.remove);
  const seen = { tree, network, share: { folder: share.folder, at: shared } };
  clean = await bootContainer({ ...seen, number: 2 });
  toRemove.push(clean.remove);
  killed = await bootContainer({ ...seen, number: 3 });
  toRemove.push(killed.remove);
});

afterAll(async () => {
  for (const remove of toRemove.reverse()) await remove();
});

test('a dry run names every step, and changes nothing', async () => {
  await succeed(clean, 'touch /run/mark');
  const text = await succeed(clean, `${provisioning} --dry-run`);
  expect(text.match(/would install/g)?.length).toBe(10);
  expect(await writtenSince(clean, '/run/mark')).toEqual([]);
});

test('one run ends with a message that was posted and seen', async () => {
  const { code, text, seconds } = await provision(clean);
  process.stdout.write(`${text}\nprovisioned in ${seconds.toFixed(1)} s\n`);
  expect({ code, text }).toMatchObject({
    code: 0,
    text: expect.stringMatching(/self-test · a message posted, and seen/),
  });
  const forwarded = await forwardTo(clean.address, publicPort);
  toRemove.push(async () => forwarded.close());
  process.env.MF_TEST_URL = forwarded.url;
  asProvisioned = await fingerprint(clean);
});

test('a second run changes nothing', async () => {
  await succeed(clean, 'touch /run/mark');
  const { code, text, seconds } = await provision(clean);
  expect({ code, text }).toMatchObject({
    code: 0,
    text: expect.stringContaining('nothing was changed'),
  });
  expect(text).not.toMatch(/installed|installing/);
  expect(await writtenSince(clean, '/run/mark')).toEqual([]);
  process.stdout.write(`provisioned again in ${seconds.toFixed(1)} s\n`);
});

promisesOfAChat();
promisesOfAMachine(() => clean);
promisesOfALaptop(() => clean);

describe('from outside', () => {
  test('only ssh and the public port can be reached', async () => {
    expect(await openPorts(clean.address)).toEqual([22, publicPort]);
    expect(beyondLoopback(await succeed(clean, 'ss -Hlnu'))).toEqual([]);
  });
});

describe('a provisioning that is killed', () => {
  for (const [point, line] of Object.entries(killedAt)) {
    test(`${point} is simply run again`, () => killProvisioningAt(killed, line));
  }

  test('ends as the same machine as one clean run', async () => {
    const { code, text } = await provision(killed);
    expect({ code, text }).toMatchObject({ code: 0 });
    expect(await fingerprint(killed)).toEqual(asProvisioned);
  });
});

describe('a box', () => {
  test('has nothing in it of the machine that it was made from', async () => {
    const before = await own(killed);
    await succeed(killed, 'bash /opt/microflack/checkout/provision/machine/seal.sh');
    expect(
      await succeed(killed, 'find /var/lib/microflack /etc/ssh -name "*key*" -o -name "*.json"'),
    ).toBe('');
    expect((await killed.run(`grep -rl '${before.machine}' /etc /var/lib`)).text).toBe('');
    await killed.reboot();
    await killed.run('ip route del default');
    const { code, text, seconds } = await provision(killed);
    process.stdout.write(`first boot of a box, without a network: ${seconds.toFixed(1)} s\n`);
    expect({ code, text }).toMatchObject({ code: 0 });
    const after = await own(killed);
    for (const name of ['machine', 'hostKey', 'secrets'] as const) {
      expect(after[name]).not.toBe(before[name]);
      expect(after[name]).not.toBe('');
    }
  });
});

/** What no two machines have in common. */
async function own(machine: Machine) {
  return {
    machine: await succeed(machine, 'cat /etc/machine-id'),
    hostKey: await succeed(machine, 'cat /etc/ssh/ssh_host_ed25519_key.pub'),
    secrets: await succeed(machine, 'sha256sum /var/lib/microflack/default/secrets.json'),
  };
}

/** All of it at once, as when the laptop's battery is empty. */
async function killProvisioningAt(machine: Machine, point: string): Promise<void> {
  const settings = Object.entries(await handOnNetwork(machine)).map(
    ([name, value]) => `--setenv=${name}=${value}`,
  );
  const unit = `systemd-run --quiet --collect --unit=provisioning ${settings.join(' ')}`;
  await succeed(machine, `${unit} bash -c '${provisioning} >/run/provisioning.log 2>&1'`);
  // The machine watches itself: to ask it from here takes longer than some of the points last.
  const ended =
    'systemctl is-active --quiet provisioning || { cat /run/provisioning.log; exit 1; }';
  await succeed(machine, `until ${point}; do ${ended}; sleep 0.1; done`);
  await succeed(machine, 'systemctl kill --signal=KILL provisioning microflack 2>&1 || true');
}
