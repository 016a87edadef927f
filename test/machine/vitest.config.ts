/** Tests of whole machines, one after another as they are written: `npm run test:machine`. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/machine/*.machine.ts'],
    testTimeout: 1_200_000,
    hookTimeout: 300_000,
    fileParallelism: false,
    sequence: { concurrent: false },
    disableConsoleIntercept: true,
  },
});
