/** `mf box` makes one file, and a room without internet starts from it. Half an hour where it is emulated. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { allIsWell, promisesOfAChat } from '../machine/conformance.ts';
import { succeed } from '../machine/machine.ts';
import { type Grounds, prepareGrounds, timed } from './emulated.ts';
import { type Vagrant, vagrantIn } from './vagrant.ts';

let grounds: Grounds;
let file: string;
let inTheRoom: Vagrant;

/** Vagrant asks a proxy that nobody is, for whatever it would ask the internet. */
const nobody = 'http://127.0.0.1:9';
const reachDebian =
  "curl --silent --max-time 10 $(apt-get indextargets --format '$(REPO_URI)' | head -n 1)";

beforeAll(async () => {
  grounds = await prepareGrounds();
  file = join(grounds.folder, 'microflack.box');
});

afterAll(async () => {
  await inTheRoom?.remove();
  await internet('on');
});

test('`mf box` makes one file, and leaves no machine', async () => {
  const { folder, checkout, bareBox } = grounds;
  const maker = vagrantIn(join(folder, 'maker'), checkout, { MF_BOX: bareBox });
  const said = await timed('mf box', () => maker.with('bash', 'scripts/mf', 'box', file));
  process.stdout.write(`${said}\n`);
  expect(said).toMatch(/^→ box · .* · next: vagrant box add --name microflack /m);
  expect((await stat(file)).size).toBeGreaterThan(100_000_000);
  const listed = ['-c', 'qemu:///system', 'list', '--all', '--name'];
  expect((await execa('virsh', listed)).stdout).not.toMatch(/^MeinFl/m);
});

test('the file holds nothing of the machine that it was made from', async () => {
  const { stdout } = await execa('bash', [join(import.meta.dirname, 'look-into-box.sh'), file]);
  const nothing = ['machine-id ', 'state ', 'host keys ', 'logs ', 'authorities '];
  expect(stdout.split('\n')).toEqual(nothing);
});

test('whoever adds the file has a stack by `vagrant up`, without any internet', async () => {
  const { folder, checkout } = grounds;
  inTheRoom = vagrantIn(join(folder, 'room'), checkout, {
    http_proxy: nobody,
    https_proxy: nobody,
  });
  await inTheRoom.do('box', 'add', '--name', 'microflack', file);
  await internet('off');
  const said = await timed('up from the box', () => inTheRoom.do('up'));
  expect(inTheRoom.url()).toMatch(/^http:\/\/localhost:\d+$/);
  expect(said).not.toMatch(/(packages|consul|node|modules) · installing|tried again/);
  process.env.MF_TEST_URL = inTheRoom.url();
  await allIsWell(inTheRoom);
  expect((await inTheRoom.run(reachDebian)).code).not.toBe(0);
  expect(await succeed(inTheRoom, 'cat /etc/machine-id')).toMatch(/^[0-9a-f]{32}$/);
});

promisesOfAChat();

/** Of the machines' networks: what comes from them goes no further than this host. */
async function internet(is: 'on' | 'off'): Promise<void> {
  await execa('nft', ['delete', 'table', 'inet', 'mf-vm'], { reject: false });
  if (is === 'on') return;
  const rules = `table inet mf-vm {
    chain forward { type filter hook forward priority -10; iifname "virbr*" counter drop; }
  }`;
  await execa('nft', ['-f', '-'], { input: rules });
}
