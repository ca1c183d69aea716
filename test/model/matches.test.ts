/** Matches and means of the latest behaviours against a walk through each history. */
import { expect, test } from 'vitest';
import { numbers } from '../../src/engine/numbers.js';
import { matchNumbers, NUMBERS_PER_MATCH } from '../../src/model/matches.js';
import { representBatch } from '../../src/model/represent.js';
import { itemUnits, latestUnits, propertyUnits, representationUnits } from '../../src/model/shape.js';
import { initialWeights } from '../../src/model/weights.js';
import { directShape, randomBatch } from './random-batch.js';

const batch = randomBatch([4, 0, 9, 1], 5);
const size = batch.lengths.length;

test('numbers of matches say how often and how lately a history has a value of the candidate', () => {
  const { request, candidate } = batch.tasks.ctr!;
  const got = matchNumbers(directShape, batch, 'ctr');
  expect(got.length).toBe(request.length * 2 * NUMBERS_PER_MATCH);
  let met = 0;
  for (const sample of request.keys()) {
    const row = request[sample]!;
    const length = batch.lengths[row]!;
    const expected = ['item', 'brand'].flatMap((field) => {
      const { slots } = batch.items.fields[field]!;
      const rowAt = (item: number) => batch.tables[`item/${field}`]![slots[item]!]!;
      const value = rowAt(candidate[sample]!);
      const values = Array.from({ length }, (_, step) => rowAt(batch.history[step * size + row]!));
      const count = value === 0 ? 0 : values.filter((other) => other === value).length;
      if (count === 0) return [0, 0, 0];
      met++;
      return [Math.log(1 + count), count / length, 1 / (length - values.lastIndexOf(value))];
    });
    const own = [...got.subarray(sample * 2 * NUMBERS_PER_MATCH, (sample + 1) * 2 * NUMBERS_PER_MATCH)];
    expect(own).toEqual(expected.map((value) => expect.closeTo(value, 6)));
  }
  expect(met).toBeGreaterThan(3);
});

test('a value that is missing matches nothing', () => {
  const items = batch.items.fields.item!;
  const first = batch.tables['item/item']!.indexOf(0);
  expect(first).toBe(0);
  const { request, candidate } = batch.tasks.ctr!;
  const sample = request.indexOf(2);
  const asked = { ...batch.tasks.ctr!, candidate: candidate.map(() => items.slots.indexOf(first)) };
  // The item whose id is missing, in a history that is full of it.
  const history = batch.history.map(() => items.slots.indexOf(first));
  const got = matchNumbers(directShape, { ...batch, history, tasks: { ctr: asked } }, 'ctr');
  const at = sample * 2 * NUMBERS_PER_MATCH;
  expect([...got.subarray(at, at + NUMBERS_PER_MATCH)]).toEqual([0, 0, 0]);
});

test('the representation holds the means of [e; p] over the latest behaviours between rep_s and u', () => {
  const weights = initialWeights(directShape, 1, 1);
  const vectors = representBatch(weights, batch, 'none');
  const read = (name: string) => {
    const variable = weights.tables.get(name)!;
    return { size: variable.shape[1]!, values: numbers(() => variable.read()) };
  };
  const rowOf = (table: string, row: number) => {
    const { size, values } = read(table);
    return [...values.subarray(row * size, (row + 1) * size)];
  };
  const { fields } = batch.items;
  const single = (name: string, slots: Int32Array, at: number) =>
    rowOf(name, batch.tables[name]![slots[at]!]!);
  const vectorOf = (item: number, code: number): number[] => {
    const tags = fields.tags as typeof fields.tags & { segments: Int32Array };
    const own = [...tags!.slots].filter((_, at) => tags!.segments[at] === item);
    const pooled = [0, 0].map((_, unit) => {
      const values = own.map((slot) => rowOf('item/tags', batch.tables['item/tags']![slot]!)[unit]!);
      return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
    });
    return [
      ...single('item/item', fields.item!.slots, item),
      ...single('item/brand', fields.brand!.slots, item),
      ...pooled,
      ...batch.items.numbers.subarray(2 * item, 2 * item + 2),
      ...single('property/behavior', batch.properties.fields.behavior!.slots, code),
      ...single('property/hour', batch.properties.fields.hour!.slots, code),
    ];
  };
  const units = representationUnits(directShape);
  const width = itemUnits(directShape) + propertyUnits(directShape);
  expect(latestUnits(directShape)).toBe(2 * width);
  for (const [row, length] of batch.lengths.entries()) {
    const expected = [1, 3].flatMap((n) => {
      const steps = Array.from({ length }, (_, step) => step).slice(-n);
      const vectors = steps.map((step) =>
        vectorOf(batch.history[step * size + row]!, batch.property[step * size + row]!),
      );
      return Array.from({ length: width }, (_, unit) =>
        vectors.length === 0 ? 0 : vectors.reduce((sum, vector) => sum + vector[unit]!, 0) / vectors.length,
      );
    });
    const start = row * units + directShape.units;
    const got = [...vectors.subarray(start, start + 2 * width)];
    expect(got).toEqual(expected.map((value) => expect.closeTo(value, 5)));
  }
  weights.dispose();
});
