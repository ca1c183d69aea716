import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  backtestEditorSchema,
  backtestFileSchema,
  comparisonEditorSchema,
  comparisonFileSchema,
  editorSchema,
  transferEditorSchema,
  transferFileSchema,
} from '../../src/config/json-schema.js';
import { loadConfig } from '../../src/config/load.js';
import { loadBacktest } from '../../src/config/load-backtest.js';
import { loadComparison } from '../../src/config/load-comparison.js';
import { loadTransfer } from '../../src/config/load-transfer.js';
import { configReference, keyTable, withReference } from '../../src/config/reference.js';

const root = new URL('../../', import.meta.url).pathname;
const files = (await readdir(join(root, 'configs'))).filter((name) => name.endsWith('.yaml'));
const comparisons = files.filter((name) => /-(multitask|variants)\.yaml$/.test(name));
const transfers = files.filter((name) => name.endsWith('-transfer.yaml'));
const backtests = files.filter((name) => name.startsWith('daily-'));
const configs = files.filter((name) => ![...comparisons, ...transfers, ...backtests].includes(name));

describe('what is generated from the schemas is up to date (npm run generate)', () => {
  it.each([
    ['schema.json', editorSchema],
    ['comparison.schema.json', comparisonEditorSchema],
    ['transfer.schema.json', transferEditorSchema],
    ['backtest.schema.json', backtestEditorSchema],
  ])('configs/%s', async (name, schema) => {
    // As it is written: without the keys that have no value.
    const expected = JSON.parse(JSON.stringify(schema())) as object;
    expect(JSON.parse(await readFile(join(root, 'configs', name), 'utf8'))).toEqual(expected);
  });

  it.each([
    [
      'configuration.md',
      configReference,
      '| `train.learningRate` | number, above 0 | `0.001` | Adam, for the dense weights |',
    ],
    [
      'compare.md',
      () => keyTable(comparisonFileSchema()),
      '| `seeds` | list of whole number, at least 0 | required |',
    ],
    [
      'transfer.md',
      () => keyTable(transferFileSchema()),
      '| `fineTune.learningRateFactor` | number, above 0 and at most 1 | `1` |',
    ],
    ['updates.md', () => keyTable(backtestFileSchema()), '| `seed` | whole number, at least 0 | `1` |'],
  ])('docs/%s', async (name, reference, line) => {
    const written = await readFile(join(root, 'docs', name), 'utf8');
    expect(written).toBe(withReference(written, reference()));
    expect(written).toContain(line);
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

  it('opens with its schema and the command that runs it', async () => {
    const text = await readFile(join(root, 'configs', name), 'utf8');
    expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=./comparison.schema.json');
    expect(text).toContain(`\n#   dupn compare -c configs/${name}\n`);
  });
});

describe.each(backtests)('configs/%s', (name) => {
  it('holds, and opens with the command that runs it', async () => {
    const backtest = await loadBacktest(join(root, 'configs', name));
    expect(backtest.name).toBe(name.replace('.yaml', ''));
    const text = await readFile(join(root, 'configs', name), 'utf8');
    expect(text).toContain(`#   dupn backtest -c configs/${name}\n`);
  });
});

describe.each(transfers)('configs/%s', (name) => {
  it('holds', async () => {
    const transfer = await loadTransfer(join(root, 'configs', name));
    expect(transfer.name).toBe(name.replace('.yaml', ''));
  });

  it('opens with its schema and the command that runs it', async () => {
    const text = await readFile(join(root, 'configs', name), 'utf8');
    expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=./transfer.schema.json');
    expect(text).toContain(`\n#   dupn transfer -c configs/${name}\n`);
  });
});
