/** Three kinds of tests: unit (pure, fast), service (one service on real parts), system (the whole through HAProxy). */
import { defineConfig } from 'vitest/config';

const exclude = ['**/node_modules/**', '**/dist/**', '.stack/**', '.runtime/**'];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['**/*.test.ts', '**/*.test.tsx'],
          exclude: [...exclude, '**/*.service.test.ts', '**/*.system.test.ts'],
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
      {
        test: {
          name: 'system',
          include: ['test/**/*.system.test.ts'],
          exclude,
          globalSetup: ['test/setup/stack.ts'],
          testTimeout: 60_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
