import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { startSetup } from './node-process.js';

const root = new URL('../../', import.meta.url);

test('docs/licences.md lists what package-lock.json names', async () => {
  const source = `const { readFileSync } = await import('node:fs');
    const lockfile = JSON.parse(readFileSync(${JSON.stringify(new URL('package-lock.json', root).pathname)}, 'utf8'));
    process.stdout.write(setup.licencesText(lockfile));`;
  const { code, output } = await startSetup('licences.js', source).ended;
  expect(code).toBe(0);
  expect(output).toContain('zod');
  expect(await readFile(new URL('docs/licences.md', root), 'utf8')).toBe(output);
});

test.each([
  ['GPL-3.0', 'x has the licence GPL-3.0'],
  [undefined, 'x has the licence that the lockfile does not name'],
  ['MIT AND GPL-2.0', 'x has the licence MIT AND GPL-2.0'],
])('a package under %s is refused', async (license, message) => {
  const lockfile = {
    packages: { '': {}, 'node_modules/x': { license }, 'node_modules/y': { license: 'MIT' } },
  };
  const { code, output } = await startSetup('licences.js', `setup.licencesText(${JSON.stringify(lockfile)})`)
    .ended;
  expect([code, output]).toEqual([1, expect.stringContaining(message)]);
});
