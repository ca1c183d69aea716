import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readSealedJson, unseal, writeSealedJson } from '../../src/common/sealed-json.js';

test('what is read is what was written, and every changed digit or letter is found', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'dupn-sealed-')), 'x.json');
  const value = { step: 12, loss: 0.1 + 0.2, names: ['a', 'b'], none: null, byNumber: { 2: 'x', 1: 'y' } };
  await writeSealedJson(path, value);
  expect(await readSealedJson(path)).toEqual(value);
  const text = await readFile(path, 'utf8');
  const places = [...text].flatMap((sign, at) => (/\w/.test(sign) ? [at] : []));
  expect(places.length).toBeGreaterThan(100);
  let same = 0;
  for (const at of places) {
    const bytes = Buffer.from(text);
    // 4 for 5, ` for a: another sign, and for most still JSON.
    bytes[at]! ^= 1;
    await writeFile(path, bytes);
    const read = await readSealedJson(path).catch((error: Error) => error.message);
    if (typeof read === 'string') expect(read).toMatch(/damaged|no checksum/);
    else expect(read).toEqual(value);
    if (typeof read !== 'string') same++;
  }
  // The last digit of 0.30000000000000004: the number is the same without it.
  expect(same).toBeLessThanOrEqual(1);
  const { sha256: _, ...unsealed } = JSON.parse(text);
  expect(() => unseal(path, JSON.stringify(unsealed))).toThrow('has no checksum');
  expect(unseal(path, JSON.stringify(unsealed), { mayLack: true })).toEqual(value);
  expect(() => unseal(path, text.replace('12', '13'), { mayLack: true })).toThrow('damaged');
  await writeFile(path, text.slice(0, 40));
  await expect(readSealedJson(path)).rejects.toThrow(/x\.json is damaged \(.*JSON/);
});
