import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, type TestContext, test } from 'vitest';
import { contentHash, differences, ownDifferences, sha256 } from './release-manifest.ts';

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

describe('an instance, before anything else,', () => {
  const intact = { 'main.js': 'run()', 'workers/hash.js': 'hash()' };

  async function aRelease(t: TestContext, found: Record<string, string>): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'mf-own-'));
    t.onTestFinished(() => rm(folder, { recursive: true }));
    await mkdir(join(folder, 'workers'));
    for (const [path, text] of Object.entries(found)) await writeFile(join(folder, path), text);
    const hashes = Object.entries(intact).map(([path, text]) => [path, sha256(text)]);
    const text = JSON.stringify({ ...manifest, files: Object.fromEntries(hashes) });
    await writeFile(join(folder, 'manifest.json'), text);
    return folder;
  }

  const own = (dirname: string) => ownDifferences({ dirname, filename: join(dirname, 'main.js') });

  test('finds nothing wrong with a release that is as it was built', async (t) => {
    expect(await own(await aRelease(t, intact))).toEqual([]);
  });

  test('names what somebody edited', async (t) => {
    const folder = await aRelease(t, { ...intact, 'workers/hash.js': 'faster()' });
    expect(await own(folder)).toEqual(['workers/hash.js was changed']);
  });

  test('misses its manifest', async () => {
    expect((await own('/nowhere')).join()).toContain('ENOENT');
  });

  test('has nothing to compare where it runs from source', async () => {
    const filename = '/repo/common/service.ts';
    expect(await ownDifferences({ dirname: '/repo/common', filename })).toEqual([]);
  });
});
