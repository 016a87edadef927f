/** What the Vagrantfile asks of Vagrant and of each provider, and what it refuses: read, not run. */
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { checkout } from '../setup/mf.ts';

const script = join(import.meta.dirname, 'read-vagrantfile.rb');
const providers = ['virtualbox', 'vmware_desktop', 'parallels', 'libvirt', 'utm', 'qemu'];
const settings = z.record(z.string(), z.unknown());
const asked = z.object({
  vm: z.looseObject({
    box: z.string(),
    network: z.array(z.tuple([z.string(), settings])),
    synced_folder: z.array(z.tuple([z.string(), z.string(), settings])),
    own: settings.optional(),
    provision: z.array(z.tuple([z.string(), settings])),
  }),
});

function read(provider: string, env: Record<string, string> = {}, version = '2.4.9') {
  const options = { env: { ...bare, ...env }, extendEnv: false, reject: false } as const;
  return execa('ruby', [script, version, provider], options);
}

/** A laptop on which nothing is set. */
const bare = { PATH: process.env.PATH ?? '', LC_ALL: 'C.UTF-8', VAGRANT_HOME: '/nonexistent' };

async function vmOf(...wanted: Parameters<typeof read>) {
  const { stdout, stderr } = await read(...wanted);
  expect(stderr).toBe('');
  return asked.parse(JSON.parse(stdout)).vm;
}

test('Ruby and Vagrant find nothing wrong with it', async () => {
  for (const file of ['Vagrantfile', 'provision/vagrant.rb']) {
    expect((await execa('ruby', ['-wc', join(checkout, file)])).stdout).toBe('Syntax OK');
  }
  const options = { cwd: checkout, env: { VAGRANT_DOTFILE_PATH: '/tmp/mf-machine-validate' } };
  const { stdout } = await execa('vagrant', ['validate', '--ignore-provider'], options);
  expect(stdout).toContain('validated successfully');
});

describe('every provider', () => {
  for (const provider of providers) {
    test(`${provider} gets the size, and the page on this computer alone`, async () => {
      const { box, network, own } = await vmOf(provider, { MF_CPUS: '3', MF_MEMORY: '3072' });
      expect(box).toBe('bento/debian-13');
      const forwarded = {
        id: 'chat',
        guest: 8080,
        host: 8080,
        host_ip: '127.0.0.1',
        auto_correct: true,
      };
      expect(network).toEqual([['forwarded_port', forwarded]]);
      expect(JSON.stringify(own)).toMatch(/3.*3072|3072.*3/);
    });
  }
});

describe('a box of our own', () => {
  test('is taken by its file, under its name', async () => {
    const { box } = await vmOf('libvirt', { MF_BOX: '/media/usb/microflack.box' });
    expect(box).toBe('microflack');
  });

  test('is taken where somebody has added it, but not to make the next box of', async () => {
    const home = await mkdtemp(join(tmpdir(), 'mf-vagrant-home-'));
    onTestFinished(() => rm(home, { recursive: true }));
    await mkdir(join(home, 'boxes/microflack'), { recursive: true });
    const added = { VAGRANT_HOME: home };
    expect((await vmOf('libvirt', added)).box).toBe('microflack');
    expect((await vmOf('libvirt', { ...added, MF_FOR_A_BOX: 'yes' })).box).toBe('bento/debian-13');
  });
});

test('a port that is taken is left alone, also where the provider does not look', async () => {
  const listening = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void listening.close());
  await once(listening, 'listening');
  const { port } = z.object({ port: z.number() }).parse(listening.address());
  const line = 'puts MicroFlack.free_port(ARGV[0].to_i)';
  const library = join(checkout, 'provision/vagrant.rb');
  const { stdout } = await execa('ruby', ['-r', library, '-e', line, String(port)]);
  expect(Number(stdout)).toBeGreaterThan(port);
});

test('a proxy is handed on, unless it is on this computer’s own loopback', async () => {
  const env = { http_proxy: 'http://127.0.0.1:3128', https_proxy: 'http://proxy.example:3128' };
  const { provision } = await vmOf('virtualbox', env);
  const handedOn = provision.find(([name]) => name === 'MicroFlack')?.[1].env;
  expect(handedOn).toEqual({ https_proxy: env.https_proxy, MF_NEXT: 'vagrant provision' });
});

test('what cannot work is refused with the next command', async () => {
  const refusals = [
    await read('virtualbox', {}, '2.2.19'),
    await read('virtualbox', { NODES: '3' }),
    await read('virtualbox', { MF_CPUS: 'many' }),
    await read('virtualbox', { MF_PRIVATE_IP: '10.0.0.5' }),
  ];
  for (const { exitCode, stderr } of refusals) {
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^MicroFlack: .*(Next|then): /);
  }
  expect(refusals[1]?.stderr).toContain('NODES=3: not yet');
});
