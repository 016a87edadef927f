/**
 * Builds the page into `dist/`, wherever it is called from; the ui release carries the result as its `public/`.
 * Every file but index.html has a hash of its content in its name and may be cached for ever. Same source, same names.
 */
import { dirname, relative, resolve } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// Whatever it is called from: a test sets another, and would get React's development build.
process.env.NODE_ENV = 'production';

export default defineConfig({
  root: import.meta.dirname,
  publicDir: false,
  plugins: [react()],
  // A release is built from a copy of the source whose packages are a link: their own paths differ everywhere.
  resolve: { preserveSymlinks: true },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    sourcemap: true,
    // A data: URL would need a hole in the Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { output: { sourcemapPathTransform: fromThisFolder } },
  },
});

/** The maps name their sources from here, not from wherever the build is put: the same source makes the same map. */
function fromThisFolder(source: string, map: string): string {
  return relative(import.meta.dirname, resolve(dirname(map), source));
}
