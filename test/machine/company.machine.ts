/** A Debian 12 in a company's network: nothing gets out but through its proxy. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bareDebian } from './bare-debian.ts';
import { allIsWell, promisesOfAChat, publicPort } from './conformance.ts';
import { forwardTo } from './forward.ts';
import { succeed } from './machine.ts';
import { makeNetwork } from './network.ts';
import { bootContainer, type Container } from './nspawn.ts';
import { provision, shareCheckout, shared } from './provisioned.ts';
import { type ForwardProxy, startProxy } from './proxy.ts';

const toRemove: (() => Promise<void>)[] = [];
let machine: Container;
let proxy: ForwardProxy;

beforeAll(async () => {
  const [tree, network] = [await bareDebian(12), await makeNetwork('shut')];
  toRemove.push(network.remove);
  const share = await shareCheckout();
  toRemove.push(share.remove);
  proxy = await startProxy(network.gateway);
  toRemove.push(proxy.stop);
  const seen = { tree, network, share: { folder: share.folder, at: shared } };
  machine = await bootContainer({ ...seen, number: 2 });
  toRemove.push(machine.remove);
});

afterAll(async () => {
  for (const remove of toRemove.reverse()) await remove();
});

test('without the proxy it names the cause, and what to do', async () => {
  const { code, text } = await provision(machine);
  expect(code).toBe(1);
  expect(text).toMatch(/✗ .*(https_proxy=URL names a proxy|names are not resolved here)/);
  expect(text).toMatch(/^ {2}next: /m);
});

test('with the proxy it is provisioned, also where the machine updates itself just then', async () => {
  await holdLocks(machine, 20);
  const settings = { http_proxy: proxy.url, https_proxy: proxy.url, no_proxy: 'localhost' };
  const { code, text, seconds } = await provision(machine, settings);
  process.stdout.write(`${text}\nprovisioned through a proxy in ${seconds.toFixed(1)} s\n`);
  expect({ code, text }).toMatchObject({
    code: 0,
    text: expect.stringMatching(/self-test · a message posted, and seen/),
  });
  expect(await succeed(machine, 'systemctl show --property=Result updates')).toContain('success');
  expect(await succeed(machine, 'cat /etc/debian_version')).toMatch(/^12\./);
  expect((await proxy.requests()).length).toBeGreaterThan(0);
  const forwarded = await forwardTo(machine.address, publicPort);
  toRemove.push(async () => forwarded.close());
  process.env.MF_TEST_URL = forwarded.url;
});

promisesOfAChat();

test('keeps nothing of the proxy, and is back after a reboot', async () => {
  const places = '/etc /opt/microflack /usr/local /var/lib /root /home';
  const { text } = await machine.run(`grep -rlF '${new URL(proxy.url).host}' ${places}`);
  expect(text.trim()).toBe('');
  await machine.reboot();
  await succeed(machine, 'systemctl start microflack');
  await allIsWell(machine);
});

/** As long as that nobody else gets the locks of apt and dpkg: as while a new machine updates itself. */
async function holdLocks(machine: Container, seconds: number): Promise<void> {
  const program = `use Fcntl;
    my @held;
    for my $file (@ARGV) {
      open(my $handle, '>', $file) or die $!;
      my $lock = pack('ssx4qqix4', F_WRLCK, 0, 0, 0, 0);
      fcntl($handle, F_SETLK, $lock) or die $!;
      push @held, $handle;
    }
    sleep ${seconds};`;
  await succeed(machine, 'cat >/run/updates.pl', { input: program });
  const files = '/var/lib/apt/lists/lock /var/lib/dpkg/lock /var/lib/dpkg/lock-frontend';
  const unit = 'systemd-run --quiet --remain-after-exit --unit=updates';
  await succeed(machine, `${unit} perl /run/updates.pl ${files} /var/cache/apt/archives/lock`);
}
