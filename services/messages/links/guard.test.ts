import { describe, expect, test } from 'vitest';
import { checkDestination, isPublicAddress, LinkRefused } from './guard.ts';

const names: Record<string, string[]> = {
  'public.example': ['93.184.216.34'],
  'public6.example': ['2606:4700::1111'],
  'inside.example': ['10.0.0.7'],
  'mixed.example': ['93.184.216.34', '127.0.0.1'],
  'mapped.example': ['::ffff:169.254.169.254'],
};
const resolve = async (host: string) => names[host] ?? [];
const guard = { resolve, exempt: new Set<string>() };
const check = (address: string) => checkDestination(new URL(address), guard);

describe('a destination', () => {
  test.each([
    'http://public.example/',
    'https://public.example/x',
    'http://8.8.8.8/',
    'http://[2606:4700::1111]/',
  ])('that is a public web server is let through: %s', async (address) => {
    expect(isPublicAddress((await check(address)).address)).toBe(true);
  });

  test('comes with the address that was checked and its family', async () => {
    expect(await check('https://public6.example/')).toMatchObject({
      address: '2606:4700::1111',
      family: 6,
    });
    expect(await check('http://public.example:80/')).toMatchObject({
      address: '93.184.216.34',
      family: 4,
    });
  });

  test.each([
    ['loopback', 'http://127.0.0.1/'],
    ['loopback as one decimal number', 'http://2130706433/'],
    ['loopback in octal', 'http://0177.0.0.1/'],
    ['loopback in hex', 'http://0x7f000001/'],
    ['loopback, shortened', 'http://127.1/'],
    ['loopback in full-width digits', 'http://１２７.０.０.１/'],
    ['loopback in circled digits', 'http://①②⑦.⓪.⓪.①/'],
    ['loopback, percent-encoded', 'http://%31%32%37.0.0.1/'],
    ['nothing at all', 'http://0/'],
    ['IPv6 loopback', 'http://[::1]/'],
    ['an IPv4-mapped address', 'http://[::ffff:10.0.0.1]/'],
    ['an IPv4-mapped address in hex', 'http://[::ffff:7f00:1]/'],
    ['an IPv4-compatible address', 'http://[::127.0.0.1]/'],
    ['6to4 around a private address', 'http://[2002:a00:1::1]/'],
    ['NAT64 around a private address', 'http://[64:ff9b::a00:1]/'],
    ['Teredo', 'http://[2001:0:7f00:1::]/'],
    ['cloud metadata', 'http://169.254.169.254/latest/meta-data/'],
    ["Azure's metadata", 'http://168.63.129.16/'],
    ["Alibaba's metadata", 'http://100.100.100.200/'],
    ['metadata over IPv6', 'http://[fd00:ec2::254]/'],
    ['a name for a private address', 'http://inside.example/'],
    ['a name for a public and a private address', 'http://mixed.example/'],
    ['a name for a mapped metadata address', 'http://mapped.example/'],
    ['a name without an address', 'http://localhost/'],
    ['another port', 'http://public.example:8080/'],
    ["the other scheme's port", 'http://public.example:443/'],
    ['a database', 'http://public.example:3306/'],
    ['credentials', 'http://user:secret@public.example/'],
    ['a user name that looks like a host', 'http://public.example@inside.example/'],
    ['another scheme', 'ftp://public.example/'],
    ['a file', 'file:///etc/passwd'],
    ['data', 'data:text/html,x'],
  ])('is refused: %s', async (_what, address) => {
    await expect(check(address)).rejects.toThrow(LinkRefused);
  });
});

describe('an address', () => {
  const inside = [
    ...[
      '10.0.0.1',
      '172.16.0.1',
      '172.31.255.255',
      '192.168.1.1',
      '127.255.255.254',
      '0.0.0.0',
      '0.1.2.3',
    ],
    ...[
      '100.64.0.1',
      '100.127.255.255',
      '169.254.0.1',
      '192.0.0.1',
      '192.0.2.1',
      '192.88.99.1',
      '198.18.0.1',
    ],
    ...[
      '198.51.100.1',
      '203.0.113.1',
      '224.0.0.1',
      '239.255.255.255',
      '240.0.0.1',
      '255.255.255.255',
    ],
    ...[
      '::',
      '::1',
      '::ffff:8.8.8.8',
      '::ffff:0:8.8.8.8',
      '64:ff9b::8.8.8.8',
      '64:ff9b:1::1',
      '100::1',
    ],
    ...[
      '2001::1',
      '2001:db8::1',
      '2002:808:808::1',
      '3fff::1',
      '5f00::1',
      'fc00::1',
      'fdff::1',
      'fe80::1',
    ],
    ...['fec0::1', 'ff02::1', 'fe80::1%eth0', '::8.8.8.8'],
  ];
  test.each(inside)('%s is not public', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  test.each([
    '8.8.8.8',
    '1.1.1.1',
    '172.32.0.1',
    '100.128.0.1',
    '2606:4700::1111',
    '2a00:1450:4001::1',
  ])('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  test('that is no address is not public', () => {
    expect(isPublicAddress('public.example')).toBe(false);
    expect(isPublicAddress('')).toBe(false);
  });
});

describe('an exemption for tests', () => {
  const exempting = { resolve, exempt: new Set(['127.0.0.1:4711']) };

  test('opens one port of one host and nothing else', async () => {
    const open = await checkDestination(new URL('http://127.0.0.1:4711/x'), exempting);
    expect(open.address).toBe('127.0.0.1');
    for (const other of ['http://127.0.0.1/', 'http://127.0.0.1:4712/', 'http://127.0.0.2:4711/']) {
      await expect(checkDestination(new URL(other), exempting)).rejects.toThrow(LinkRefused);
    }
  });

  test('does not open other schemes or credentials', async () => {
    for (const other of ['ftp://127.0.0.1:4711/', 'http://a:b@127.0.0.1:4711/']) {
      await expect(checkDestination(new URL(other), exempting)).rejects.toThrow(LinkRefused);
    }
  });
});
