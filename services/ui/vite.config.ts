/**
 * Builds the page into `dist/`, wherever it is called from; the ui release carries the result as its `public/`.
 * Every file but index.html has a hash of its content in its name and may be cached for ever. Same source, same names.
 */
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  publicDir: false,
  plugins: [react()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    sourcemap: true,
    // A data: URL would need a hole in the Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
