import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import { countLines } from '../../../src/preprocess/read/count-lines.js';

async function count(text: string | Buffer, hasHeader = false, quote = 34) {
  const folder = await mkdtemp(join(tmpdir(), 'dupn-lines-'));
  const path = join(folder, 'text');
  await writeFile(path, text);
  return countLines({ path, dialect: { delimiter: 44, quote, fields: 2 }, hasHeader }, () => {});
}

it('counts lines of any length, at any place of a word, as long as each has its fields', async () => {
  const random = createRandom(3);
  const letters = (most: number) =>
    Array.from({ length: random.integer(most) }, () => '\u000b\u0001-\u00e9\u20acaz'[random.integer(7)]).join(
      '',
    );
  for (let turn = 0; turn < 60; turn++) {
    const lines = Array.from({ length: random.integer(40) + 1 }, () => `${letters(6)},${letters(6)}`);
    const end = random.integer(2) === 0 ? '\n' : '';
    const text = lines.join('\n') + end;
    expect(await count(text), JSON.stringify(text)).toBe(lines.length);
    expect(await count(text, true)).toBe(lines.length - 1);
    const at = random.integer(lines.length);
    // One field too few, one too many, and both, so that the text has as many as it should.
    const few = lines.with(at, `x${letters(6)}`);
    const many = [...lines, `${letters(4)},,${letters(4)}`];
    const both = [...few, ',,'];
    for (const wrong of [few, many, both]) {
      expect(await count(wrong.join('\n') + end), JSON.stringify(wrong)).toBeNull();
    }
  }
});

it('counts over the bounds of chunks', async () => {
  const lines = Array.from({ length: 700_001 }, (_, at) => `user ${at},item ${at % 1000}`);
  expect(await count(lines.join('\n'))).toBe(700_001);
});

it('leaves to others what is more than lines', async () => {
  expect(await count('a,b\n"c",d\n')).toBeNull();
  expect(await count('a,b\n"c",d\n', false, -1)).toBe(2);
  expect(await count('a,b\r\nc,d\r\n')).toBeNull();
  for (const before of ['', 'a', 'ab', 'abc', 'abcd']) {
    expect(await count(`${before},\n\nc,d\n`), before).toBeNull();
    expect(await count(`\n${before}c,d\n`)).toBeNull();
    expect(await count(`c,d\n${before}c,d\n\n`)).toBeNull();
  }
  expect(await count(Buffer.from([0x2c, 0x0a, 0x2c, 0xff, 0x0a]))).toBeNull();
  expect(await count('\ufeffa,b\n')).toBeNull();
  expect(await count(`a,b\n,${'x'.repeat((1 << 20) + 8)}\nc,d\n`)).toBeNull();
  expect(await count(`,${'x'.repeat(6 << 20)}`)).toBeNull();
});
