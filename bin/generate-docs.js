#!/usr/bin/env node
/** Writes what is generated from the schema: configs/schema.json and the tables of docs/configuration.md. */
import { readFile, writeFile } from 'node:fs/promises';
import { editorSchema } from '../dist/config/json-schema.js';
import { withReference } from '../dist/config/reference.js';

const schema = new URL('../configs/schema.json', import.meta.url);
const reference = new URL('../docs/configuration.md', import.meta.url);

await writeFile(schema, `${JSON.stringify(editorSchema(), null, 2)}\n`);
await writeFile(reference, withReference(await readFile(reference, 'utf8')));
