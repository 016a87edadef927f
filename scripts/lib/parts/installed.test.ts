import { expect, test } from 'vitest';
import { findProgram, isAtLeast, parseVersion } from './installed.ts';

test('versions are read out of what programs print', () => {
  expect(parseVersion('Consul v1.8.7\nProtocol 2 spoken by default')).toBe('1.8.7');
  expect(parseVersion('mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for debian')).toBe('10.11.19');
  expect(parseVersion('HAProxy version 2.6.12-1+deb12u4 2026/10/17')).toBe('2.6.12');
  expect(parseVersion('Redis server v=7.0.15 sha=00000000:0')).toBe('7.0.15');
  expect(() => parseVersion('no idea')).toThrow(/no idea/);
});

test('versions are compared as numbers', () => {
  expect(isAtLeast('1.10.2', '1.9')).toBe(true);
  expect(isAtLeast('1.8.7', '1.11')).toBe(false);
  expect(isAtLeast('1.11.0', '1.11')).toBe(true);
  expect(isAtLeast('2.0.0', '1.11')).toBe(true);
});

test('a program that is not installed is named, with what installs it', () => {
  expect(() => findProgram('no-such-program')).toThrow(
    expect.objectContaining({
      message: 'no-such-program is not installed',
      next: 'provision/all.sh',
    }),
  );
});
