import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { UserError } from '../../src/common/errors.js';
import { parseConfig } from '../../src/config/load.js';

const text = await readFile(new URL('../../configs/taobao.yaml', import.meta.url), 'utf8');
const lines = text.split('\n').filter((line) => !line.startsWith('#'));

const mutation = fc.record({
  line: fc.nat({ max: lines.length - 1 }),
  column: fc.nat({ max: 60 }),
  removed: fc.nat({ max: 6 }),
  inserted: fc.oneof(
    fc.string({ maxLength: 4 }),
    fc.constantFrom(
      'null',
      '- ',
      ': ',
      '{',
      '}',
      '[',
      '*x',
      '&x ',
      '? ',
      '|',
      '__proto__: ',
      '1e999',
      '\t',
      '!!set ',
    ),
  ),
});

it('a config with random damage either holds or is an error whose every line has a position', () => {
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (mutations) => {
      const damaged = [...lines];
      for (const { line, column, removed, inserted } of mutations) {
        const old = damaged[line]!;
        damaged[line] = old.slice(0, column) + inserted + old.slice(column + removed);
      }
      try {
        parseConfig(damaged.join('\n'), 'c.yaml');
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        const [heading, ...problems] = error.message.split('\n');
        expect(heading).toMatch(/^Cannot use the config c\.yaml: (one problem|\d+ problems)$/);
        expect(problems.length).toBeGreaterThan(0);
        for (const problem of problems) expect(problem).toMatch(/^ {2}c\.yaml:\d+:\d+.*: ./);
      }
    }),
    { numRuns: 400, seed: 1 },
  );
});
