/** The page of one release and the files of another, as a browser meets them while versions change: through HAProxy. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { releasesOf } from '../scripts/lib/release.ts';
import { call } from './client/http.ts';
import { wholeStack } from './setup/whole.ts';

const script = 'index-AAAAaaa1.js';

test('an instance finds a file of another release that was built a moment ago, as confined as it is', async () => {
  expect(await call('GET', `/assets/${script}`)).toMatchObject({ status: 404 });
  const { dir } = await wholeStack();
  const release = join(releasesOf(dir, 'ui'), 'other');
  onTestFinished(() => rm(release, { recursive: true }));
  await mkdir(join(release, 'public/assets'), { recursive: true });
  await writeFile(join(release, 'public/assets', script), 'of another release');
  expect(await call('GET', `/assets/${script}`)).toMatchObject({
    status: 200,
    body: 'of another release',
    headers: { 'cache-control': 'public, max-age=31536000, immutable' },
  });
  expect((await call('GET', '/')).headers['cache-control']).toBe('no-cache');
});
