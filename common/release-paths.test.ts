import { expect, test } from 'vitest';
import { assetPath, workerPath } from './release-paths.ts';

const source = { dirname: '/repo/services/users', filename: '/repo/services/users/service.ts' };
const bundle = { dirname: '/releases/users/1.0.0', filename: '/releases/users/1.0.0/main.js' };

test('a worker is TypeScript from source, and JavaScript in a release', () => {
  expect(workerPath(source, 'hash')).toBe('/repo/services/users/workers/hash.ts');
  expect(workerPath(bundle, 'hash')).toBe('/releases/users/1.0.0/workers/hash.js');
});

test('assets lie beside the module that asks', () => {
  expect(assetPath(bundle, 'public')).toBe('/releases/users/1.0.0/public');
});
