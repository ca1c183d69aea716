import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// The tests import `../src/x.js` for its types and run dist/x.js: what is tested is what is shipped,
// worker threads included.
const src = fileURLToPath(new URL('./src/', import.meta.url));
const dist = fileURLToPath(new URL('./dist/', import.meta.url));

/** Those that start processes of their own come first: they take longest, and the last file to end should be a short one. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const takesLong = ({ moduleId }: TestSpecification) =>
      /\/test\/(torture|distributed|cli|setup)\//.test(moduleId);
    return [...sorted.filter(takesLong), ...sorted.filter((file) => !takesLong(file))];
  }
}

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
    // Files go to two processes in turn: to load the engine and DuckDB, and to compile what runs again and again, takes longer than most
    // files. What a file changes of its process it puts back.
    poolOptions: { forks: { isolate: false } },
    sequence: { sequencer: LongestFirst },
    maxWorkers: 2,
    minWorkers: 1,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    server: { deps: { external: [/\/dist\//] } },
  },
});
