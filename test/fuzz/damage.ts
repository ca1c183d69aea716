/** Damage as fast-check draws it: to bytes, to the text of a YAML, and to the values in it. */
import fc from 'fast-check';

/** Texts that mean something to some layer below: SQL, globs, paths, YAML, terminals, JavaScript. */
export const HOSTILE_TEXTS = [
  '',
  ' ',
  "'",
  '"',
  "'; DROP TABLE input_0; --",
  "\"; COPY (SELECT 1) TO 'escaped'; --",
  '\\',
  '*',
  '[a',
  '../escaped',
  '/etc/passwd',
  '~',
  '$HOME',
  '$(touch escaped)',
  'a\u0000b',
  '\u202e',
  '\ud800',
  '😀',
  '商品',
  'e\u0301',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'con',
  '.',
  '..',
  'NaN',
  '-0',
  '1e999',
  '0x10',
  '2020-02-30',
  '%Y',
  '%',
  '%m-%d',
  'a'.repeat(5000),
] as const;

const HOSTILE_NUMBERS = [
  0,
  -0,
  -1,
  1,
  0.5,
  2 ** 31,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  1e308,
  5e-324,
  Number.NaN,
  Number.POSITIVE_INFINITY,
] as const;

/** A value to stand where another stood; `names` are those that the config knows. */
export function hostileValue(names: readonly string[]): fc.Arbitrary<unknown> {
  const leaf = fc.oneof(
    fc.constantFrom<unknown>(...HOSTILE_TEXTS),
    fc.constantFrom<unknown>(...HOSTILE_NUMBERS),
    fc.constantFrom<unknown>(null, true, false),
    fc.constantFrom<unknown>(...names),
    fc.string({ unit: 'binary', maxLength: 5 }),
  );
  return fc.oneof(
    { weight: 6, arbitrary: leaf },
    { weight: 1, arbitrary: fc.array(leaf, { maxLength: 4 }) },
    {
      weight: 1,
      arbitrary: fc.dictionary(fc.constantFrom(...HOSTILE_TEXTS, ...names), leaf, { maxKeys: 3 }),
    },
  );
}

const YAML_PIECES = [
  ': ',
  '- ',
  '{',
  '}',
  '[',
  ']',
  '&a ',
  '*a',
  '<<: *a',
  '? ',
  '| ',
  '> ',
  '!!binary ',
  '!!set ',
  '!!timestamp ',
  '!!js/function ',
  '!!python/object/apply:os.system ',
  '!<tag:x> ',
  '%YAML 1.1\n---\n',
  '---\n',
  '...\n',
  '#',
  '"',
  "'",
  '\t',
  '\r',
  '\u0000',
  '\uFEFF',
  '\u2028',
  '__proto__: ',
  'null',
  '~',
  '.nan',
  '1e999',
  '0o17',
] as const;

const CSV_PIECES = [
  ',',
  '\t',
  ';',
  '"',
  '""',
  '\n',
  '\r\n',
  '\r',
  '\u0000',
  '\uFEFF',
  '😀',
  '商品',
  '266079.0',
  '6-4',
  '0',
  '-1',
  '1e999',
  'NaN',
  'null',
  '99999999999999999999',
  '{"a":1}',
  "'; DROP TABLE input_0; --",
] as const;

/** A piece of a text taken out, and another put in, at a share of its length. */
export interface Cut {
  readonly at: number;
  readonly removed: number;
  readonly inserted: Uint8Array;
}

function cuts(pieces: readonly string[]): fc.Arbitrary<readonly Cut[]> {
  const inserted = fc.oneof(
    fc.constantFrom(...pieces).map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 6 }),
  );
  const removed = fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 200 }));
  return fc.array(fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), removed, inserted }), {
    minLength: 1,
    maxLength: 4,
  });
}

export const yamlCuts = cuts(YAML_PIECES);
export const csvCuts = cuts(CSV_PIECES);

export function applyCuts(bytes: Uint8Array, all: readonly Cut[]): Uint8Array {
  let result = Buffer.from(bytes);
  for (const { at, removed, inserted } of all) {
    const start = Math.floor(at * result.length);
    result = Buffer.concat([result.subarray(0, start), inserted, result.subarray(start + removed)]);
  }
  return result;
}
