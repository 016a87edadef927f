/**
 * The kinds of tests: unit (pure, fast), service (one service on real parts), releases (what is built, in a checkout of
 * its own), and through HAProxy on a whole stack: page (with a browser), system, rollout (versions that come and go) and
 * survival (what dies under load, and is counted).
 */
import { defineConfig } from 'vitest/config';

const exclude = ['**/node_modules/**', '**/dist/**', '.stack/**', '.runtime/**'];

const browser = 'test/chat*.system.test.ts';
const releases = 'test/releases.system.test.ts';
const rollouts = 'test/{popularity,receipts,traffic,upgrade}.system.test.ts';
const survival = 'test/survival*.system.test.ts';

/** Two files must not use one stack at once: they would kill each other's parts. */
const onStacks = { testTimeout: 60_000, hookTimeout: 180_000, fileParallelism: false };
const onStack = { ...onStacks, globalSetup: ['test/setup/stack.ts'] };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['**/*.test.ts', '**/*.test.tsx'],
          exclude: [...exclude, '**/*.service.test.ts', '**/*.system.test.ts'],
          // They leave nothing behind in their process, and a process for each file costs more than they do.
          isolate: false,
        },
      },
      {
        test: {
          name: 'service',
          include: ['**/*.service.test.ts'],
          exclude,
          globalSetup: ['test/setup/parts.ts'],
          testTimeout: 20_000,
          hookTimeout: 60_000,
          // Two files must not run the same service at once: it would be found in Consul by both.
          fileParallelism: false,
        },
      },
      { test: { ...onStack, name: 'page', include: [browser], exclude } },
      {
        test: {
          ...onStack,
          name: 'system',
          include: ['test/**/*.system.test.ts'],
          exclude: [...exclude, browser, releases, rollouts, survival],
        },
      },
      { test: { ...onStacks, name: 'releases', include: [releases], exclude } },
      { test: { ...onStack, name: 'rollout', include: [rollouts], exclude } },
      { test: { ...onStack, name: 'survival', include: [survival], exclude } },
    ],
  },
});
