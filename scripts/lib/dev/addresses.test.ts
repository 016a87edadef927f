import { expect, test } from 'vitest';
import { portsIn, withPorts } from './addresses.ts';

const settings = {
  CONSUL_URL: 'http://127.0.0.1:8500',
  MYSQL_URL: 'mysql://users:se:cret@127.0.0.1:3306/users',
  REDIS_URL: 'redis://users:secret@127.0.0.1:6379',
  MF_VERSION: 'dev',
};

test('every port of loopback in the settings is found, once', () => {
  expect(portsIn({ ...settings, AGAIN: settings.CONSUL_URL })).toEqual([8500, 3306, 6379]);
});

test('each is replaced by the one that leads there, and nothing else is changed', () => {
  const here = new Map([
    [8500, 1],
    [3306, 2],
    [6379, 8500],
  ]);
  expect(withPorts(settings, here)).toEqual({
    CONSUL_URL: 'http://127.0.0.1:1',
    MYSQL_URL: 'mysql://users:se:cret@127.0.0.1:2/users',
    REDIS_URL: 'redis://users:secret@127.0.0.1:8500',
    MF_VERSION: 'dev',
  });
});

test('a port that leads nowhere else is left as it is', () => {
  expect(withPorts(settings, new Map())).toEqual(settings);
});
