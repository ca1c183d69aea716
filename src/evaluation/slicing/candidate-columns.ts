/** What samples can be sliced by that is known of their candidate. */
import type { Names } from '../../dataset/names.js';
import { type PreparedData, splitRange } from '../../dataset/prepared.js';
import type { Range } from '../measured.js';
import { measuredSamples } from '../measured-samples.js';
import { type CodedColumn, codeRows } from './coded.js';
import { countRanges } from './count-ranges.js';
import { frequentValues } from './frequent-values.js';

const JUDGED = countRanges([0, 1, 10, 100, 1000]);

/** `judged` is item or an entity. Takes 16 bytes for each of its rows. */
export async function candidateColumns(
  prepared: PreparedData,
  task: string,
  judged: string,
  requests: Range,
  names: Names,
): Promise<CodedColumn[]> {
  const { manifest } = prepared;
  const rows = judged === 'item' ? manifest.items : manifest.entities[judged]!.rows;
  const trained = countRows(prepared, task, rows, splitRange(manifest, 'training'));
  const measured = countRows(prepared, task, rows, requests);
  const columns = [codeRows('candidate', JUDGED.values, rows, (row) => JUDGED.codeOf(trained[row]!))];
  const fields = judged === 'item' ? prepared.items : prepared.entities[judged]!;
  for (const { field, values: indexes, offsets } of fields) {
    if (offsets || field.name === judged) continue;
    const loaded = indexes.load();
    const counts = new Float64Array(field.rows);
    for (let row = 0; row < rows; row++) counts[loaded[row]!]! += measured[row]!;
    const shares = 'shares' in field ? (field.shares as string | undefined) : undefined;
    const [group, name] = shares === undefined ? [judged, field.name] : ['item', shares];
    const { values, codeOf } = await frequentValues(names, group, { ...field, name }, counts);
    columns.push(codeRows(`${judged}.${field.name}`, values, rows, (row) => codeOf(loaded[row]!)));
  }
  return columns;
}

/** Samples that judge each row. */
function countRows(prepared: PreparedData, task: string, rows: number, requests: Range): Float64Array {
  const counts = new Float64Array(rows);
  for (const { candidate } of measuredSamples(prepared, task, requests)) {
    for (const row of candidate!) counts[row]!++;
  }
  return counts;
}
