import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test, vi } from 'vitest';

// A report takes a tenth of a second; on a machine that does much else, more.
vi.setConfig({ testTimeout: 30_000 });

const preflight = join(import.meta.dirname, 'preflight');

/** What it may use wherever it runs; everything else is the computer's own. */
const everywhere = ['awk', 'cat', 'date', 'dirname', 'grep', 'head', 'id', 'printf', 'tail', 'tr'];
const linux = {
  uname: 'case $1 in -s) echo Linux ;; -m) echo x86_64 ;; *) echo 6.8.0 ;; esac',
  df: 'echo Filesystem; echo disk 0 0 90000000 0 /',
  ss: 'exit 0',
  ip: 'echo default via 192.0.2.1 dev eth0',
  vagrant: 'echo Vagrant 2.4.9',
  VBoxManage: 'echo 7.1.4r165100',
};
const cpu = 'flags : fpu vmx sse2\n';

/** Another computer: its programs, each a line of sh, and what its kernel says. */
async function report(
  programs: Record<string, string>,
  { cpuinfo = cpu, memoryKb = 16_000_000, modules = '' } = {},
  env: Record<string, string> = {},
) {
  const folder = await mkdtemp(join(tmpdir(), 'mf-preflight-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [bin, proc] = [join(folder, 'bin'), join(folder, 'proc')];
  await mkdir(bin);
  await mkdir(proc);
  for (const name of everywhere) await symlink(`/usr/bin/${name}`, join(bin, name));
  for (const [name, line] of Object.entries(programs)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
  }
  await writeFile(join(proc, 'cpuinfo'), cpuinfo);
  await writeFile(join(proc, 'meminfo'), `MemTotal: ${memoryKb} kB\n`);
  await writeFile(join(proc, 'modules'), modules);
  const options = { env: { PATH: bin, MF_PROC: proc, ...env }, extendEnv: false, reject: false };
  const { exitCode, stdout, stderr } = await execa('/bin/sh', [preflight], options);
  expect(stderr).toBe('');
  return { code: exitCode, text: stdout };
}

test('a computer that has everything is ready', async () => {
  const { code, text } = await report(linux);
  expect(text).toMatch(/^ok {4}provider {3}VirtualBox 7\.1\.4/m);
  expect(text).toMatch(/Ready\. Next: vagrant up$/);
  expect(code).toBe(0);
});

test('what is missing is named with the command that brings it', async () => {
  const { vagrant: _, VBoxManage: __, ...bare } = linux;
  const { code, text } = await report(bare);
  expect(text).toMatch(/^fix +vagrant +not installed\n +→ sudo apt-get install vagrant/m);
  expect(text).toMatch(/^fix +provider +none that runs\n +→ sudo apt-get install/m);
  expect(code).toBe(1);
});

test('an old Vagrant is refused, and on Apple silicon one that is not old elsewhere', async () => {
  const old = await report({ ...linux, vagrant: 'echo Vagrant 2.2.19' });
  expect(old).toMatchObject({ code: 1, text: expect.stringContaining('2.3.4 is the oldest') });
  const mac = {
    ...linux,
    uname: 'case $1 in -s) echo Darwin ;; -m) echo arm64 ;; *) echo 25.0 ;; esac',
    sysctl: 'case $2 in kern.hv_support) echo 1 ;; *) echo 17179869184 ;; esac',
    lsof: 'exit 1',
    netstat: 'exit 0',
    vagrant: 'echo Vagrant 2.3.7',
  };
  const { code, text } = await report(mac);
  expect(text).toContain('2.3.7, and 2.4.0 is the oldest');
  expect(text).toContain('→ brew install --cask vagrant');
  expect(text).toContain('16384 MB');
  expect(code).toBe(1);
});

test('virtualisation that is off takes an administrator, or patience', async () => {
  const off = { cpuinfo: 'flags : fpu sse2\n' };
  const { code, text } = await report(linux, off);
  expect(text).toMatch(/^admin cpu +virtualisation is off.*\n +→ switch on VT-x/m);
  expect(code).toBe(2);
  expect((await report(linux, off, { MF_LIBVIRT_DRIVER: 'qemu' })).code).toBe(0);
});

test('on Windows it asks Windows, whose lines end otherwise', async () => {
  const ask = `case $3 in
    *HypervisorPresent*) printf 'False\\r\\n' ;;
    *Virtualization*) printf 'True\\r\\n' ;;
    *) printf '8589934592\\r\\n' ;;
  esac`;
  const windows = {
    ...linux,
    uname: 'case $1 in -s) echo MINGW64_NT-10.0 ;; -m) echo x86_64 ;; *) echo 3.4 ;; esac',
    'powershell.exe': ask,
    netstat: 'echo "  TCP    0.0.0.0:8080   0.0.0.0:0   LISTENING"',
  };
  const { code, text } = await report(windows);
  expect(text).toContain('8192 MB');
  expect(text).toMatch(/^note {2}port +8080 is taken/m);
  expect(code).toBe(0);
});

test('little memory, a full disk, a VPN and a KVM in the way are told', async () => {
  const programs = {
    ...linux,
    uname: 'case $1 in -s) echo Linux ;; -m) echo x86_64 ;; *) echo 6.12.1 ;; esac',
    df: 'echo Filesystem; echo disk 0 0 90000 0 /',
    ip: 'echo default dev tun0 scope link',
  };
  const { code, text } = await report(programs, {
    memoryKb: 2_000_000,
    modules: 'kvm_intel 1 0\n',
  });
  for (const topic of ['memory', 'disk', 'provider'])
    expect(text).toMatch(new RegExp(`^fix +${topic}`, 'm'));
  expect(text).toMatch(/^note +vpn/m);
  expect(text).toContain('VERR_VMX_IN_VMX_ROOT_MODE');
  expect(code).toBe(1);
});
