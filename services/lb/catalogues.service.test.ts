/**
 * Whatever is registered, HAProxy takes the configuration: asked of HAProxy itself, with catalogues
 * made at random. All 10,000 where MF_TEST_ALL is set, else a sample.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Instance } from '@microflack/common/registry/instances.ts';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { objectionTo } from './apply.ts';
import { emptyModel, modelOf, type Policies } from './model.ts';
import { renderConfig } from './render.ts';
import { anyCatalogue, anyPolicies, instance } from './testing/catalogues.ts';
import { haproxyBin } from './testing/haproxy.ts';

const all = 10_000;
const sample = 500;
/** HAProxy reads this many in one go. */
const batchSize = 100;

const settings = () => ({
  haproxyConfig: join(folder, 'haproxy.cfg'),
  trafficKey: 'traffic-key',
  haproxyPublic: '127.0.0.1:8080',
  haproxyStats: '127.0.0.1:8081',
  haproxyStatsPassword: 'pass-word',
  haproxyRuntimeSocket: '/tmp/runtime.sock',
});

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mf-lb-'));
  await writeFile(join(folder, 'traffic.map'), '');
});
afterAll(() => rm(folder, { recursive: true }));

const objection = (text: string) =>
  objectionTo(text, { haproxyBin: haproxyBin(), haproxyConfig: join(folder, 'haproxy.cfg') });
const render = (catalogue: Instance[], policies: Policies = new Map()) =>
  renderConfig(modelOf(catalogue, emptyModel, policies).model, settings());

test('HAProxy takes the configuration of every random catalogue', {
  timeout: 300_000,
}, async () => {
  const numRuns = process.env.MF_TEST_ALL ? all : sample;
  const seed = Number(process.env.MF_TEST_SEED ?? Date.now());
  const texts = fc
    .sample(fc.tuple(anyCatalogue, anyPolicies), { numRuns, seed })
    .map(([catalogue, policies]) => render(catalogue, policies));
  for (let at = 0; at < numRuns; at += batchSize) {
    const text = together(texts.slice(at, at + batchSize));
    expect(await objection(text), `catalogues from ${at}, MF_TEST_SEED=${seed}`).toBeUndefined();
  }
  const backends = texts.flatMap((text) => text.match(/^backend be_/gm) ?? []);
  expect(backends.length).toBeGreaterThan(numRuns);
});

test('HAProxy takes the largest model that there can be', async () => {
  const many = Array.from({ length: 100 }, (_, service) =>
    Array.from({ length: 100 }, (_, n) =>
      instance(`s${service}-${n}`, { route: `/api/s${service}` }, { port: 1 + service * 100 + n }),
    ),
  );
  const text = render(many.flat());
  expect(text.match(/^ {4}server s/gm)).toHaveLength(10_001);
  expect(await objection(text)).toBeUndefined();
});

test('what HAProxy does not take is told in its own words', async () => {
  const text = render([]).replace('nbthread 1', 'nbthread none');
  expect(await objection(text)).toMatch(/\[ALERT\].*nbthread/);
});

/** One configuration with the public frontends and the backends of all, under names of their own. */
function together(texts: readonly string[]): string {
  const ofServices = /^(frontend public|backend be_)/;
  const [first = ''] = texts;
  const common = sectionsOf(first).filter((section) => !ofServices.test(section));
  const own = texts.flatMap((text, n) =>
    sectionsOf(text)
      .filter((section) => ofServices.test(section))
      .map((section) => section.replace(/\bbe_/g, `c${n}_be_`).replace('public', `public_${n}`)),
  );
  return `${[...common, ...own].join('\n\n')}\n`;
}

/** A section begins at the start of a line; there are empty lines within one, too. */
const sectionsOf = (text: string): string[] => text.split(/\n\n(?=\S)/);
