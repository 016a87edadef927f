/**
 * A machine of Vagrant's, as a room without internet has it: `mf box` makes one file of a bare Debian, and `vagrant up`
 * starts from it. Then its whole life: halt, up, snapshot, sleep, destroy. Forty minutes where it is emulated.
 */
import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { newPerson, openBrowser } from '../browser/browser.ts';
import { call } from '../client/http.ts';
import { aPerson, post } from '../client/person.ts';
import { openSocket } from '../client/socket.ts';
import { bareDebian } from '../machine/bare-debian.ts';
import { allIsWell, promisesOfAChat, promisesOfAMachine } from '../machine/conformance.ts';
import { promisesOfALaptop } from '../machine/laptop.ts';
import { succeed } from '../machine/machine.ts';
import { shareCheckout } from '../machine/provisioned.ts';
import { type Vagrant, vagrantIn } from './vagrant.ts';

/** Where everything is, Vagrant's home too; clean.sh finds it by its name. */
let folder: string;
let checkout: string;
/** What `mf box` makes. */
let file: string;
/** Whoever makes the box; the other one, below, is in the room. */
let maker: Vagrant;
let vagrant: Vagrant;

/** Of the room. Vagrant asks a proxy that nobody is, for whatever it would ask the internet. */
const nobody = 'http://127.0.0.1:9';
const reachDebian =
  "curl --silent --max-time 10 $(apt-get indextargets --format '$(REPO_URI)' | head -n 1)";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mf-vm-'));
  file = join(folder, 'microflack.box');
  const bareBox = join(folder, 'microflack-bare.box');
  const tree = await bareDebian();
  await timed('the bare box', () => execa('bash', [script('box.sh'), tree, bareBox]));
  await execa('bash', [script('libvirt.sh'), folder]);
  ({ folder: checkout } = await shareCheckout());
  maker = vagrantIn(join(folder, 'maker'), checkout, { MF_BOX: bareBox });
  const noWay = { http_proxy: nobody, https_proxy: nobody };
  vagrant = vagrantIn(join(folder, 'room'), checkout, noWay);
});

afterAll(async () => {
  await vagrant?.remove();
  await internet('on');
});

test('`vagrant validate` finds nothing wrong', async () => {
  expect(await maker.do('validate')).toContain('Vagrantfile validated successfully');
});

test('`mf box` provisions a machine, makes one file of it, and leaves no machine', async () => {
  const said = await timed('mf box', () => maker.with('bash', 'scripts/mf', 'box', file));
  process.stdout.write(`${said.replaceAll(/^.*\r/gm, '')}\n`);
  expect(said).toMatch(/self-test · a message posted, and seen/);
  expect(said).toMatch(/^→ box · .* · next: vagrant box add --name microflack /m);
  const listed = ['-c', 'qemu:///system', 'list', '--all', '--name'];
  expect((await execa('virsh', listed)).stdout).not.toMatch(/^MeinFl/m);
});

test('the file holds nothing of the machine that it was made from', async () => {
  const { stdout } = await execa('bash', [script('look-into-box.sh'), file]);
  const nothing = ['machine-id ', 'state ', 'host keys ', 'logs ', 'authorities '];
  expect(stdout.split('\n')).toEqual(nothing);
});

test('whoever adds the file has a stack by `vagrant up`, without any internet, and its URL', async () => {
  await vagrant.do('box', 'add', '--name', 'microflack', file);
  await internet('off');
  const said = await timed('the first up', () => vagrant.do('up'));
  expect(said).not.toMatch(/(packages|consul|node|modules) · installing|tried again/);
  expect(vagrant.url()).toMatch(/^http:\/\/localhost:\d+$/);
  process.env.MF_TEST_URL = vagrant.url();
  expect((await vagrant.run(reachDebian)).code).not.toBe(0);
});

promisesOfAChat();
promisesOfAMachine(() => vagrant);
promisesOfALaptop(() => vagrant);

test('a second `vagrant up` changes nothing', async () => {
  const text = await timed('a second up', () => vagrant.do('up'));
  expect(text).toContain('nothing was changed');
  expect(text).not.toMatch(/installing|installed/);
});

test('what was said is there after a halt and an up, at another port where somebody took ours', async () => {
  const { token } = await aPerson();
  const { id } = await post(token, 'before the halt');
  const url = new URL(vagrant.url());
  await timed('halt', () => vagrant.do('halt'));
  const other = createServer().listen(Number(url.port), '127.0.0.1');
  onTestFinished(() => void other.close());
  await timed('up again', () => vagrant.do('up'));
  expect(vagrant.url()).not.toBe(url.origin);
  process.env.MF_TEST_URL = vagrant.url();
  expect((await call('GET', `/api/messages/${id}`)).status).toBe(200);
});

test('a snapshot that is restored runs on, at the time that it is', async () => {
  await timed('snapshot save', () => vagrant.do('snapshot', 'save', 'before'));
  await timed('snapshot restore', () => vagrant.do('snapshot', 'restore', 'before'));
  await allIsWell(vagrant);
  const clock = Number(await succeed(vagrant, 'date +%s'));
  expect(Math.abs(clock - Date.now() / 1000)).toBeLessThan(60);
  await post((await aPerson()).token, 'after the snapshot');
});

test('a laptop that sleeps for two hours throws nobody out, nor does a clock that is put right', async () => {
  const browser = await openBrowser();
  onTestFinished(() => browser.close());
  const ada = await newPerson(browser, 'Ada');
  await ada.say('before the sleep');
  const { updates } = await openSocket();
  await timed('suspend', () => vagrant.do('suspend'));
  await timed('resume', () => vagrant.do('resume'));
  for (const leap of ['+2 hours', '-2 hours']) {
    // Nobody else shall set it meanwhile.
    await succeed(vagrant, `systemctl stop systemd-timesyncd && date --set='${leap}'`);
    await ada.say(`after a leap of ${leap}`);
    await ada.sees(`after a leap of ${leap}`);
    await allIsWell(vagrant);
  }
  await succeed(vagrant, 'systemctl start systemd-timesyncd');
  const wentOffline = updates.filter(
    ({ class: what, model }) => what === 'User' && model.nickname === ada.name && !model.online,
  );
  expect(wentOffline).toEqual([]);
});

const script = (name: string) => join(import.meta.dirname, name);

/** For the machines: what comes from them goes no further than this host. */
async function internet(is: 'on' | 'off'): Promise<void> {
  await execa('nft', ['delete', 'table', 'inet', 'mf-vm'], { reject: false });
  if (is === 'on') return;
  const rules = `table inet mf-vm {
    chain forward { type filter hook forward priority -10; iifname "virbr*" counter drop; }
  }`;
  await execa('nft', ['-f', '-'], { input: rules });
}

/** Prints how long it took. */
async function timed<T>(what: string, work: () => PromiseLike<T>): Promise<T> {
  const begun = performance.now();
  const result = await work();
  process.stdout.write(`${what}: ${((performance.now() - begun) / 1000).toFixed(1)} s\n`);
  return result;
}
