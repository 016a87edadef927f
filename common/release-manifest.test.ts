import { describe, expect, test } from 'vitest';
import { contentHash, differences } from './release-manifest.ts';

const manifest = {
  service: 'messages',
  version: '1.0.0-3fa2b1c0',
  source: 'UNCOMMITTED_COPY',
  builtAt: '2026-11-21T10:00:00.000Z',
  files: { 'main.js': 'aa', 'migrations/001.sql': 'bb' },
};

describe('a release beside its manifest', () => {
  test('is what was built when every hash is the same', () => {
    expect(differences(manifest, { ...manifest.files })).toEqual([]);
  });

  test('names each file that was changed, taken away or added', () => {
    const found = { 'main.js': 'xx', 'extra.js': 'cc' };
    expect(differences(manifest, found)).toEqual([
      'extra.js does not belong here',
      'main.js was changed',
      'migrations/001.sql is missing',
    ]);
  });
});

describe('the hash of the content', () => {
  test('changes with a file and with its name', () => {
    const hashes = [manifest.files, { 'main.js': 'aa' }, { 'main.js': 'ab' }, { 'other.js': 'aa' }];
    expect(new Set(hashes.map(contentHash)).size).toBe(4);
  });

  test('is pinned, since labels that people have seen must stay', () => {
    expect(contentHash({ 'main.js': 'aa' }).slice(0, 8)).toBe('e1dd2a04');
  });
});
