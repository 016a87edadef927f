/** The built page as browsers get it: what is cached, what is refused, and what the page may do. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineSettings } from '@microflack/common/config.ts';
import { startService } from '@microflack/common/service.ts';
import { createScope, type Scope, testSettings } from '@microflack/common/testing/parts.ts';
import { until } from '@microflack/common/testing/until.ts';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ui } from './service.ts';

const scope = createScope();
let url: string;

beforeAll(async () => {
  await buildPage('dist');
  const service = await startService(ui, await testSettings(scope, 'ui'));
  scope.onTestFinished(service.stop);
  url = service.url;
});
afterAll(() => scope.close());

const get = (path: string, headers: Record<string, string> = {}) => fetch(url + path, { headers });

function buildPage(outDir: string): Promise<unknown> {
  return build({
    configFile: join(import.meta.dirname, 'vite.config.ts'),
    logLevel: 'silent',
    build: { outDir },
  });
}

async function assetsOf(page: string): Promise<string[]> {
  return [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path = '']) => path);
}

test('the page is asked about each time, and an unchanged one is not sent again', async () => {
  const page = await get('/');
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(page.headers.get('cache-control')).toBe('no-cache');
  const etag = page.headers.get('etag') ?? '';
  // As a browser asks: Node's fetch by itself would say that it wants no answer from a cache.
  const again = await get('/', { 'if-none-match': etag, 'cache-control': 'max-age=0' });
  expect(again.status).toBe(304);
});

test('all that the page loads is of this server, compressed, and kept for ever', async () => {
  const html = await (await get('/')).text();
  expect(html).not.toMatch(/(?:src|href)="(?!\/assets\/)/);
  expect(html, 'no inline script').not.toMatch(/<script(?![^>]* src=)/);
  expect(html, 'no inline style').not.toMatch(/<style|style="/);
  const paths = await assetsOf(html);
  expect(paths.length).toBeGreaterThanOrEqual(3);
  for (const path of paths) {
    const asset = await get(path);
    expect(asset.status).toBe(200);
    expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    if (path.endsWith('.js')) expect(asset.headers.get('content-encoding')).toBe('gzip');
  }
});

test('scripts are run from this server alone, and HTML enters the page by one policy', async () => {
  const policy = (await get('/')).headers.get('content-security-policy')?.split(';');
  expect(policy).toEqual([
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types sanitised-by-messages',
  ]);
  const { headers } = await get('/');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('referrer-policy')).toBe('no-referrer');
  expect(headers.get('x-powered-by')).toBeNull();
});

test.each([
  '/assets/index-00000000.js',
  '/assets/',
  '/assets',
  '/index.html',
  '/robots.txt',
  '/assets/../service.ts',
  '/assets/%2e%2e/%2e%2e/package.json',
  '/assets/.hidden',
])('what is not there is a problem and never the page: %s', async (path) => {
  const answer = await get(path);
  expect(answer.status).toBe(404);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(await answer.json()).toMatchObject({ status: 404, code: 'not_found' });
});

/** Instances of the page on one machine, where these releases of it lie: by label, a file and what is in it. */
async function besideReleases(t: Scope, releases: Record<string, [name: string, text: string]>) {
  const home = await mkdtemp(join(tmpdir(), 'ui-releases-'));
  t.onTestFinished(() => rm(home, { recursive: true }));
  const release = async (label: string, [name, text]: [string, string]) => {
    await mkdir(join(home, label, 'public/assets'), { recursive: true });
    await writeFile(join(home, label, 'public/assets', name), text);
  };
  for (const [label, file] of Object.entries(releases)) await release(label, file);
  const service = await startService(
    ui,
    await testSettings(scope, 'ui', { RELEASES_FOLDER: home }),
  );
  t.onTestFinished(service.stop);
  return { get: (path: string) => fetch(service.url + path), release, home };
}

test('a page of another release finds its files here, also of one that was built a moment ago', async (t) => {
  const { get, release } = await besideReleases(t, { v1: ['index-AAAAaaa1.js', 'one'] });
  const script = async (path: string) => {
    const answer = await get(path);
    const { headers } = answer;
    return [await answer.text(), headers.get('content-type'), headers.get('cache-control')];
  };
  const about = ['text/javascript; charset=utf-8', 'public, max-age=31536000, immutable'];
  expect(await script('/assets/index-AAAAaaa1.js')).toEqual(['one', ...about]);
  expect((await get('/assets/index-BBBBbbb2.js')).status).toBe(404);
  await release('v2', ['index-BBBBbbb2.js', 'two']);
  expect(await script('/assets/index-BBBBbbb2.js')).toEqual(['two', ...about]);
  // Its own release's are there as ever, by the page that names them.
  for (const path of await assetsOf(await (await get('/')).text())) {
    expect((await get(path)).status).toBe(200);
  }
});

test('of other releases nothing but assets is shown', async (t) => {
  const { get, home } = await besideReleases(t, { v1: ['.hidden-AAAAaaa1.js', 'x'] });
  await writeFile(join(home, 'v1/manifest-AAAAaaa1.json'), '{}');
  for (const path of [
    '.hidden-AAAAaaa1.js',
    '../../manifest-AAAAaaa1.json',
    '..%2f..%2fmanifest-AAAAaaa1.json',
    '%2e%2e/%2e%2e/manifest-AAAAaaa1.json',
    'a%00-AAAAaaa1.js',
  ]) {
    expect([400, 404], path).toContain((await get(`/assets/${path}`)).status);
  }
});

test('the page is told which services are there that it has a panel for, as they come and go', async (t) => {
  const present = async () => {
    const answer = await get('/services');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    return JSON.stringify(await answer.json());
  };
  expect(await present()).toBe('{"services":[]}');
  const definition = { name: 'popularity', settings: defineSettings({}), start: async () => ({}) };
  const service = await startService(definition, await testSettings(scope, 'popularity'));
  t.onTestFinished(service.stop);
  await until('it has come', async () => (await present()) === '{"services":["popularity"]}');
  await service.stop();
  await until('it has gone', async () => (await present()) === '{"services":[]}');
});

test('the page is read and nothing else', async () => {
  const answer = await fetch(url, { method: 'POST' });
  expect(answer.status).toBe(405);
  expect(answer.headers.get('allow')).toBe('GET, HEAD');
});

test('the same source makes the same files', async () => {
  const folder = join(import.meta.dirname, 'dist/again');
  await buildPage('dist/again');
  const again = await digest(folder);
  await rm(folder, { recursive: true });
  expect(again).toEqual(await digest(join(import.meta.dirname, 'dist')));
});

async function digest(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((file) =>
    file.isFile(),
  );
  const entries = names.map(async ({ parentPath, name }) => {
    const path = join(parentPath, name);
    const hash = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
    return [path.slice(folder.length), hash];
  });
  return Object.fromEntries(await Promise.all(entries));
}
