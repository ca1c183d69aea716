/** Writes what a test is compared with, so that a change of it can be read. */
import { renameSync, writeFileSync } from 'node:fs';

/** JSON with a line for each entry of the three outer levels; the file appears whole. */
export function writeFixture(path, value) {
  writeFileSync(`${path}.new`, `${lines(value, 3)}\n`);
  renameSync(`${path}.new`, path);
}

function lines(value, levels) {
  if (levels === 0 || typeof value !== 'object' || value === null || Array.isArray(value))
    return JSON.stringify(value);
  const entries = Object.entries(value).map(
    ([key, inner]) => `${JSON.stringify(key)}: ${lines(inner, levels - 1)}`,
  );
  return `{\n${entries.join(',\n')}\n}`;
}
