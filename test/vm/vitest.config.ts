/** Tests of a virtual machine, one after another as they are written: `npm run test:vm`. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/vm/*.vm.ts'],
    testTimeout: 3_600_000,
    hookTimeout: 1_800_000,
    fileParallelism: false,
    sequence: { concurrent: false },
    disableConsoleIntercept: true,
  },
});
