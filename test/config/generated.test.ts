import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { editorSchema } from '../../src/config/json-schema.js';
import { loadConfig } from '../../src/config/load.js';
import { loadComparison } from '../../src/config/load-comparison.js';
import { withReference } from '../../src/config/reference.js';

const root = new URL('../../', import.meta.url).pathname;
const files = (await readdir(join(root, 'configs'))).filter((name) => name.endsWith('.yaml'));
const comparisons = files.filter((name) => /-(multitask|variants)\.yaml$/.test(name));
const configs = files.filter((name) => !comparisons.includes(name));

describe('what is generated from the schema is up to date (npm run generate)', () => {
  it('configs/schema.json', async () => {
    const written = JSON.parse(await readFile(join(root, 'configs/schema.json'), 'utf8'));
    expect(written).toEqual(editorSchema());
  });

  it('docs/configuration.md', async () => {
    const written = await readFile(join(root, 'docs/configuration.md'), 'utf8');
    expect(written).toBe(withReference(written));
    expect(written).toContain(
      '| `train.learningRate` | number, above 0 | `0.001` | Adam, for the dense weights |',
    );
  });
});

describe.each(configs)('configs/%s', (name) => {
  it('holds', async () => {
    await expect(loadConfig(join(root, 'configs', name))).resolves.toHaveProperty('name');
  });

  it('opens with its schema and the commands that run it', async () => {
    const text = await readFile(join(root, 'configs', name), 'utf8');
    expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=./schema.json');
    expect(text).toMatch(new RegExp(`# +(dupn train -c configs/${name}|npm run quickstart)`));
  });
});

describe.each(comparisons)('configs/%s', (name) => {
  it('holds', async () => {
    const comparison = await loadComparison(join(root, 'configs', name));
    expect(comparison.name).toBe(name.replace('.yaml', ''));
  });

  it('has the command that runs it at its top', async () => {
    const text = await readFile(join(root, 'configs', name), 'utf8');
    expect(text).toContain(`\n#   dupn compare -c configs/${name}\n`);
  });
});
