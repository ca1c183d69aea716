#!/usr/bin/env node
/** Writes what is generated from the schemas (configs/*schema.json and the tables of docs/) and from the lockfile (docs/licences.md). */
import { readFile, writeFile } from 'node:fs/promises';
import {
  backtestEditorSchema,
  backtestFileSchema,
  comparisonEditorSchema,
  comparisonFileSchema,
  editorSchema,
  transferEditorSchema,
  transferFileSchema,
} from '../dist/config/json-schema.js';
import { configReference, keyTable, withReference } from '../dist/config/reference.js';
import { licencesText } from '../setup/licences.js';

const schemas = {
  'schema.json': editorSchema(),
  'comparison.schema.json': comparisonEditorSchema(),
  'transfer.schema.json': transferEditorSchema(),
  'backtest.schema.json': backtestEditorSchema(),
};
const references = {
  'configuration.md': configReference(),
  'compare.md': keyTable(comparisonFileSchema()),
  'transfer.md': keyTable(transferFileSchema()),
  'updates.md': keyTable(backtestFileSchema()),
};

for (const [name, schema] of Object.entries(schemas)) {
  const file = new URL(`../configs/${name}`, import.meta.url);
  await writeFile(file, `${JSON.stringify(schema, null, 2)}\n`);
}
for (const [name, reference] of Object.entries(references)) {
  const file = new URL(`../docs/${name}`, import.meta.url);
  await writeFile(file, withReference(await readFile(file, 'utf8'), reference));
}

const lockfile = JSON.parse(await readFile(new URL('../package-lock.json', import.meta.url), 'utf8'));
await writeFile(new URL('../docs/licences.md', import.meta.url), licencesText(lockfile));
