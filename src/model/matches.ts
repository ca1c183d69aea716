/**
 * How a history has the field values of a candidate: for each field that both have, how often, in which share of the
 * behaviours, and how lately. So no embedding has to learn that two values are the same.
 */
import { MISSING_INDEX } from '../common/prepared.js';
import type { Batch, FieldSlots } from '../dataset/batch.js';
import { type ModelShape, matchesOf } from './shape.js';

/** Numbers of each field. */
export const NUMBERS_PER_MATCH = 3;

/**
 * Of the samples of a task, row by row, [samples, NUMBERS_PER_MATCH * fields]: log(1 + n) of the n behaviours with the
 * candidate's value, n / length of the history, and 1 / (1 + a) of the a behaviours after the latest of them. Zeros where
 * there is none, or where the candidate has no value.
 */
export function matchNumbers(shape: ModelShape, batch: Batch, task: string): Float32Array {
  const { candidate: judged } = shape.tasks[task]!;
  const matches = matchesOf(shape.tasks[task]!);
  const { request, candidate } = batch.tasks[task]!;
  const { fields } = judged === 'item' ? batch.items : batch.entities[judged!]!;
  const width = NUMBERS_PER_MATCH * matches.length;
  const numbers = new Float32Array(request.length * width);
  for (const [at, { field, itemField, table }] of matches.entries()) {
    const missing = batch.tables[table]!.indexOf(MISSING_INDEX);
    const ofItems = slotsOf(batch.items.fields[itemField]);
    const ofCandidates = slotsOf(fields[field]);
    for (let sample = 0; sample < request.length; sample++) {
      const value = ofCandidates[candidate[sample]!]!;
      if (value === missing) continue;
      const to = sample * width + at * NUMBERS_PER_MATCH;
      count(batch, request[sample]!, ofItems, value, numbers.subarray(to, to + NUMBERS_PER_MATCH));
    }
  }
  return numbers;
}

/** Counts the behaviours of one history whose item has the value. */
function count(
  { lengths, history }: Batch,
  row: number,
  ofItems: Int32Array,
  value: number,
  numbers: Float32Array,
): void {
  const length = lengths[row]!;
  let met = 0;
  let latest = 0;
  for (let step = 0, at = row; step < length; step++, at += lengths.length) {
    if (ofItems[history[at]!] !== value) continue;
    met++;
    latest = step;
  }
  if (met > 0) numbers.set([Math.log1p(met), met / length, 1 / (length - latest)]);
}

const slotsOf = (field: FieldSlots | undefined): Int32Array => {
  if (!field) throw new Error('the batch lacks a field that candidates and histories share');
  return field.slots;
};
