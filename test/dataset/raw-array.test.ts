import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../src/common/errors.js';
import { RawArray } from '../../src/dataset/raw-array.js';

const values = Int32Array.from({ length: 1000 }, (_, i) => i * i - 300_000);
let folder: string;
let path: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-raw-'));
  path = join(folder, 'values.i32');
  await writeFile(path, values);
});
afterAll(() => rm(folder, { recursive: true }));

describe.each([
  ['loaded whole', 4000],
  ['read by position', 3999],
])('RawArray %s', (_, loadBelowBytes) => {
  it('gives the elements of every range', () => {
    const array = new RawArray(path, 'i32', { bytes: 4000, loadBelowBytes });
    expect(array.length).toBe(1000);
    for (const [start, end] of [
      [0, 0],
      [0, 1],
      [17, 400],
      [999, 1000],
      [0, 1000],
      [1000, 1000],
    ] as const) {
      expect([...array.read(start, end)]).toEqual([...values.subarray(start, end)]);
    }
    expect(array.at(31)).toBe(values[31]);
    expect(array.load()).toEqual(values);
    array.close();
  });

  it('refuses a range outside the file', () => {
    const array = new RawArray(path, 'i32', { loadBelowBytes });
    expect(() => array.read(990, 1001)).toThrow(/values\.i32: elements 990 to 1001, got 1000 elements/);
    expect(() => array.read(-1, 3)).toThrow(UserError);
    array.close();
  });

  it('reads nothing once closed', () => {
    const array = new RawArray(path, 'i32', { loadBelowBytes });
    array.at(0);
    array.close();
    expect(() => array.at(0)).toThrow('closed');
  });
});

it('names a file that is shorter than it should be', async () => {
  const short = join(folder, 'short.u16');
  await writeFile(short, new Uint16Array([1, 2, 3]));
  expect(() => new RawArray(short, 'u16', { bytes: 8 })).toThrow(
    /^Cannot read .*short\.u16: 8 bytes, got 6 bytes; the file is damaged/,
  );
});

it('refuses a file that ends within an element', async () => {
  const odd = join(folder, 'odd.u16');
  await writeFile(odd, new Uint8Array(5));
  expect(() => new RawArray(odd, 'u16')).toThrow(/odd\.u16: 4 bytes, got 5 bytes/);
});

it('notices that a file was cut while it was open', async () => {
  const cut = join(folder, 'cut.i32');
  await writeFile(cut, values);
  const array = new RawArray(cut, 'i32', { loadBelowBytes: 0 });
  await truncate(cut, 100);
  expect(() => array.read(20, 30)).toThrow(/cut\.i32: 4000 bytes, got an earlier end/);
  array.close();
});

it('names a file that is missing', () => {
  expect(() => new RawArray(join(folder, 'no.u8'), 'u8')).toThrow(UserError);
  expect(() => new RawArray(join(folder, 'no.u8'), 'u8')).toThrow(/no\.u8.*run dupn preprocess/);
});

it.each(['u8', 'u16', 'i32', 'u32', 'f32'] as const)('reads elements of type %s', async (type) => {
  const arrays = {
    u8: Uint8Array.of(0, 255),
    u16: Uint16Array.of(1, 65_535),
    i32: Int32Array.of(-5, 2 ** 31 - 1),
    u32: Uint32Array.of(7, 2 ** 32 - 1),
    f32: Float32Array.of(0.25, -1.5),
  };
  const file = join(folder, `pair.${type}`);
  await writeFile(file, arrays[type]);
  const array = new RawArray(file, type);
  expect(array.read(0, 2)).toEqual(arrays[type]);
  array.close();
});
