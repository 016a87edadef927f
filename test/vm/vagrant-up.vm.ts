/** `vagrant up` and its whole life: halt, up, snapshot, destroy. It takes half an hour where it is emulated. */
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { newPerson, openBrowser } from '../browser/browser.ts';
import { call } from '../client/http.ts';
import { aPerson, post } from '../client/person.ts';
import { openSocket } from '../client/socket.ts';
import { allIsWell, promisesOfAChat, promisesOfAMachine } from '../machine/conformance.ts';
import { promisesOfALaptop } from '../machine/laptop.ts';
import { succeed } from '../machine/machine.ts';
import { prepareGrounds, timed } from './emulated.ts';
import { type Vagrant, vagrantIn } from './vagrant.ts';

let vagrant: Vagrant;

beforeAll(async () => {
  const { folder, checkout, bareBox } = await prepareGrounds();
  vagrant = vagrantIn(folder, checkout, { MF_BOX: bareBox });
});

afterAll(() => vagrant?.remove());

test('`vagrant validate` finds nothing wrong', async () => {
  expect(await vagrant.do('validate')).toContain('Vagrantfile validated successfully');
});

test('the first `vagrant up` ends with the URL', async () => {
  await timed('the first up', () => vagrant.do('up'));
  expect(vagrant.url()).toMatch(/^http:\/\/localhost:\d+$/);
  process.env.MF_TEST_URL = vagrant.url();
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
