import { expect, test } from 'vitest';
import { createRandom } from '../../../src/common/random.js';
import { makeFolder, read, specOf } from './reading.js';
import { referenceCsv } from './reference-csv.js';

const columns = ['first', 'second', 'third'];

async function compare(text: string, hasHeader: boolean, threads = 2): Promise<void> {
  const folder = await makeFolder({ 'log.csv': text });
  const source = hasHeader ? { files: ['log.csv'] } : { files: ['log.csv'], columns };
  const expected = referenceCsv(text, columns.length).slice(hasHeader ? 1 : 0);
  if (expected.length === 0) return;
  const { rows, rejects, counts } = await read(folder, specOf(source, { text: columns }), { threads });
  expect({ text, rows }).toEqual({ text, rows: expected.flatMap(({ fields }) => (fields ? [fields] : [])) });
  const malformed = expected.flatMap(({ line, byteOffset, text, reason }) =>
    reason ? [{ file: 'log.csv', line, byteOffset, column: '', reason, text }] : [],
  );
  expect({ text, rejects }).toEqual({ text, rejects: malformed });
  expect(counts).toMatchObject({ read: expected.length, kept: rows.length, rejected: malformed.length });
}

test('random text is divided as the reference says, whatever it holds', async () => {
  const { uniform: random } = createRandom('random text');
  const pieces = [
    'a',
    'b',
    '"',
    '""',
    ',',
    ',',
    '\n',
    '\n',
    '\r\n',
    '\r',
    ' ',
    '\t',
    '甲',
    '😀',
    "'",
    '\\',
    '\u0000',
  ];
  for (let round = 0; round < 150; round++) {
    const subset = pieces.filter(() => random() < 0.6);
    const length = Math.floor(random() * 60);
    const text = Array.from({ length }, () => subset[Math.floor(random() * subset.length)] ?? 'x').join('');
    await compare(text, false);
  }
});

test('logs with some damaged lines are divided as the reference says', async () => {
  const { uniform: random } = createRandom('damaged logs');
  const pick = <T>(values: readonly T[]) => values[Math.floor(random() * values.length)]!;
  const values = [
    '1',
    '266079.0',
    'a, b',
    'say "hi"',
    '5" screen',
    '',
    'two\nlines',
    'a\r\nb',
    '甲乙',
    ' x ',
    '""',
    ' "q"',
  ];
  const damage = [
    (line: string) => line.replace(',', ''),
    (line: string) => `${line},more`,
    (line: string) => line.replace(',', ',"'),
    (line: string) => `"a"b${line}`,
    (line: string) => line.replace(',', ', "x" ,'),
    () => '',
  ];
  const write = (value: string) =>
    /[",\n\r]/.test(value) && !/^[^"]+"[^",]*$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  for (let round = 0; round < 60; round++) {
    const lineEnd = pick(['\n', '\r\n']);
    const lines = Array.from({ length: 1 + Math.floor(random() * 30) }, () => {
      const line = columns.map(() => write(pick(values))).join(',');
      return random() < 0.1 ? pick(damage)(line) : line;
    });
    const byteOrderMark = random() < 0.3 ? '\uFEFF' : '';
    const text = `${byteOrderMark}${[columns.join(','), ...lines].join(lineEnd)}${pick(['', lineEnd, lineEnd + lineEnd])}`;
    await compare(text, true);
  }
});
