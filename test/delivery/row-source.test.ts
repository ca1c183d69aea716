import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UserError } from '../../src/common/errors.js';
import { withDatabase } from '../../src/delivery/database.js';
import { fileWriter } from '../../src/delivery/predict/prediction-writer.js';
import { openRows, type RowOrBad } from '../../src/delivery/predict/row-source.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-rows-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** All rows of a file of that name and content. */
async function rowsOf(name: string, content: string | Uint8Array | null): Promise<readonly RowOrBad[]> {
  const path = join(folder, name);
  if (content !== null) await writeFile(path, content);
  return withDatabase(async (connection) => {
    const { rows } = await openRows(connection, path, { stdin: null });
    const all: RowOrBad[] = [];
    for await (const block of rows) all.push(...block);
    return all;
  });
}

const csv = 'user,item\nu1,"two\nlines"\r\nu2,商品\n';
const json = '\uFEFF{"user":"u1"}\r\n\n{"user":"商品"}\n{"user":\n{"user":"u4"}';

test('rows come whole, however the stream of their bytes is cut', async () => {
  const rows = [
    { line: 2, values: { user: 'u1', item: 'two\nlines' } },
    { line: 4, values: { user: 'u2', item: '商品' } },
  ];
  const lines = [
    { line: 1, values: { user: 'u1' } },
    { line: 3, values: { user: '商品' } },
    { line: 4, reason: expect.stringContaining('expected a JSON object') },
    { line: 5, values: { user: 'u4' } },
  ];
  expect(await rowsOf('a.csv', csv)).toEqual(rows);
  expect(await rowsOf('a.csv.gz', gzipSync(csv))).toEqual(rows);
  expect(await rowsOf('a.jsonl', json)).toEqual(lines);
  expect(await rowsOf('a.jsonl.gz', gzipSync(json))).toEqual(lines);
  for (const [format, text, expected] of [
    ['csv', csv, rows],
    ['jsonl', json, lines],
  ] as const) {
    const stdin = Readable.from([...Buffer.from(text)].map((byte) => Buffer.from([byte])));
    await withDatabase(async (connection) => {
      const source = await openRows(connection, '-', { format, stdin });
      const all: RowOrBad[] = [];
      for await (const block of source.rows) all.push(...block);
      expect(all).toEqual(expected);
    });
  }
});

test('what can not be read is an error that names it', async () => {
  const parquet = Buffer.from('PAR1 and no more of it PAR1');
  for (const [name, content, reason] of [
    ['cut.csv.gz', gzipSync(csv.repeat(100)).subarray(0, 40), 'unexpected end of file'],
    ['cut.jsonl.gz', gzipSync(json.repeat(100)).subarray(0, 40), 'unexpected end of file'],
    ['no.csv.gz', csv, 'incorrect header check'],
    ['no.parquet', parquet, 'Invalid Input Error'],
    ['empty.csv', '', 'expected a header line'],
  ] as const) {
    const reading = rowsOf(name, content);
    await expect(reading, name).rejects.toThrow(UserError);
    await expect(reading, name).rejects.toThrow(`Cannot read ${join(folder, name)}: ${reason}`);
  }
  await expect(rowsOf('', null)).rejects.toThrow(/^Cannot read .*EISDIR/);
});

test('a line without an end is given up, with its number', async () => {
  for (const [name, start] of [
    ['long.csv', 'user,item\nu1,'],
    ['long.jsonl', '{"user":"u1"}\n{"user":"'],
  ] as const) {
    const stream = createWriteStream(join(folder, name));
    stream.write(start);
    for (let written = 0; written < 40; written++) {
      if (!stream.write('x'.repeat(1 << 20))) await once(stream, 'drain');
    }
    await once(stream.end(), 'close');
    const limit = `required lines of at most 16777216 bytes, got a longer one (${join(folder, name)}:2)`;
    await expect(rowsOf(name, null)).rejects.toThrow(limit);
  }
});

test('a file of predictions that is given up leaves nothing, whatever is still being written', async () => {
  const out = join(folder, 'out');
  const columns = { hasRequest: false, hasCandidate: false, outputs: 1 };
  for (let round = 0; round < 20; round++) {
    const writer = await fileWriter(join(out, 'p.csv'), 'csv', columns);
    const predictions = Float32Array.of(0.5);
    for (let at = 0; at < 200; at++)
      writer.add({ requestId: null, userId: 'u', timeUs: at, candidate: null, predictions });
    void writer.flush();
    await writer.abandon();
    expect(await readdir(out)).toEqual([]);
  }
});
