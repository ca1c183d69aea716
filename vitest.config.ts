import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// The tests import `../src/x.js` for its types and run dist/x.js: what is tested is what is shipped,
// worker threads included.
const src = fileURLToPath(new URL('./src/', import.meta.url));
const dist = fileURLToPath(new URL('./dist/', import.meta.url));

export default defineConfig({
  plugins: [
    {
      name: 'run-compiled-sources',
      enforce: 'pre',
      async resolveId(source, importer) {
        if (!importer || !source.startsWith('.') || !source.endsWith('.js')) return null;
        const path = fileURLToPath(new URL(source, `file://${importer}`));
        return path.startsWith(src) ? { id: dist + path.slice(src.length), external: true } : null;
      },
    },
  ],
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/temporary-folder.ts',
    pool: 'forks',
    maxWorkers: 2,
    minWorkers: 1,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    server: { deps: { external: [/\/dist\//] } },
  },
});
