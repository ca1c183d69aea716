/** What samples can be sliced by that is known of their request. */
import type { Names } from '../../dataset/names.js';
import type { PreparedData } from '../../dataset/prepared.js';
import { findEvents } from '../../dataset/user-streams.js';
import { localSeconds, zoneOffsets } from '../../features/local-time.js';
import { timeFieldNames, timeFieldNumber } from '../../features/time-fields.js';
import type { Range } from '../measured.js';
import { type CodedColumn, codeRows } from './coded.js';
import { countRanges } from './count-ranges.js';
import { frequentValues } from './frequent-values.js';

const BEHAVIOURS = countRanges([0, 1, 2, 5, 10, 20, 50, 100]);
const WORDS = countRanges([0, 1, 2, 3, 4]);
const USERS = ['known before', 'new', 'no behaviour yet'] as const;

export interface RequestColumnsInput {
  readonly prepared: PreparedData;
  readonly requests: Range;
  /** Samples of each request, [requests]. */
  readonly samples: Int32Array;
  readonly maxEvents: number;
  readonly timeZone: string;
  readonly names: Names;
}

export async function requestColumns(input: RequestColumnsInput): Promise<CodedColumn[]> {
  const { prepared, requests, samples, maxEvents, names } = input;
  const [start, end] = requests;
  const length = end - start;
  const ends = prepared.requests.end.read(start, end);
  const { query } = prepared.requests;
  const columns: CodedColumn[] = [
    codeRows('behaviours', BEHAVIOURS.values, length, (row) =>
      BEHAVIOURS.codeOf(Math.min(ends[row]!, maxEvents)),
    ),
    userColumn(prepared, requests, ends),
    ...timeColumns(input),
  ];
  if (query) {
    const offsets = query.offsets.read(start, end + 1);
    columns.push(
      codeRows('query', WORDS.values, length, (row) => WORDS.codeOf(offsets[row + 1]! - offsets[row]!)),
    );
  }
  for (const field of prepared.manifest.fields.user) {
    const indexes = prepared.requests.fields[field.name]!.read(start, end);
    const counts = new Float64Array(field.rows);
    for (let row = 0; row < length; row++) counts[indexes[row]!]! += samples[row]!;
    const { values, codeOf } = await frequentValues(names, 'user', field, counts);
    columns.push(codeRows(`user.${field.name}`, values, length, (row) => codeOf(indexes[row]!)));
  }
  return columns;
}

/** Whether a user had a behaviour before the evaluation period, or before the update. */
function userColumn(
  { manifest, segments, requests }: PreparedData,
  [start, end]: Range,
  ends: Int32Array,
): CodedColumn {
  // `evaluationFrom` of an update is where its data ends.
  const measuredFrom = Date.parse(manifest.updateFrom ?? manifest.evaluationFrom) / 1000;
  const users = requests.user.read(start, end);
  return codeRows('user', USERS, end - start, (row) => {
    if (ends[row] === 0) return USERS.indexOf('no behaviour yet');
    const [first] = findEvents(segments, users[row]!, 0, 1);
    const isKnown = first!.segment.times.at(first!.start) < measuredFrom;
    return USERS.indexOf(isKnown ? 'known before' : 'new');
  });
}

function timeColumns({ prepared, requests: [start, end], timeZone }: RequestColumnsInput): CodedColumn[] {
  const times = prepared.requests.time.read(start, end);
  const first = times.reduce((least, time) => Math.min(least, time), times[0] ?? 0);
  const last = times.reduce((most, time) => Math.max(most, time), first);
  const offsets = zoneOffsets(timeZone, first, last);
  return (['hour', 'dayOfWeek'] as const).map((field) =>
    codeRows(field, timeFieldNames(field), times.length, (row) =>
      timeFieldNumber(field, localSeconds(BigInt(times[row]!) * 1_000_000n, offsets)),
    ),
  );
}
