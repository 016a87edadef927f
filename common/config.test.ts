import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type TestContext, test } from 'vitest';
import { ConfigError, defineSettings, loadSettings, milliseconds, redisUrl } from './config.ts';

const settings = defineSettings({ REDIS_URL: redisUrl, PATIENCE_MS: milliseconds(250) });
const good = { CONSUL_URL: 'http://127.0.0.1:8500', REDIS_URL: 'redis://a:b@127.0.0.1:6379' };

function settingsFile(t: TestContext, text: string, mode = 0o600): string {
  const folder = mkdtempSync(join(tmpdir(), 'mf-config-'));
  t.onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'users.env');
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

function faultsOf(environment: Record<string, string>): string {
  try {
    loadSettings(settings, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('expected a ConfigError');
}

test('settings come out in camelCase, with defaults, frozen', () => {
  const loaded = loadSettings(settings, { ...good, MF_PORT: '8080' });
  expect(loaded).toMatchObject({ port: 8080, host: '127.0.0.1', patienceMs: 250, version: 'dev' });
  expect(Object.isFrozen(loaded)).toBe(true);
});

test('all faults are reported together', () => {
  const faults = faultsOf({ CONSUL_URL: 'consul:8500', MF_PORT: '99999' });
  expect(faults).toContain('CONSUL_URL: expected a URL that starts with http://');
  expect(faults).toContain('MF_PORT');
  expect(faults).toContain('REDIS_URL');
});

test('a fault never repeats the value, which may be a secret', () => {
  expect(faultsOf({ ...good, REDIS_URL: 'http://:hunter2@host' })).not.toContain('hunter2');
});

test('the settings file is read, and the environment goes before it', (t) => {
  const file = settingsFile(t, 'REDIS_URL=redis://file\nCONSUL_URL=http://file:1\n');
  const loaded = loadSettings(settings, { MF_SETTINGS: file, CONSUL_URL: 'http://environment:1' });
  expect(loaded).toMatchObject({ redisUrl: 'redis://file', consulUrl: 'http://environment:1' });
});

test('a settings file that others may read is refused', (t) => {
  const file = settingsFile(t, 'REDIS_URL=redis://file\n', 0o640);
  expect(faultsOf({ ...good, MF_SETTINGS: file })).toContain('expected mode 600, found 640');
});

test('a settings file that is not there is a fault like any other', () => {
  expect(faultsOf({ ...good, MF_SETTINGS: '/nowhere/users.env' })).toContain('/nowhere/users.env');
});
