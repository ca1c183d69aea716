/**
 * The columns that a task's samples are sliced by, as codes in a temporary file:
 *
 * - behaviours: how many the window holds; user: whether the user had any before the evaluation period
 * - hour, dayOfWeek: local time of the request; query: how many words it has; user.<field>
 * - candidate: in how many training samples it was judged; item.<field>, <entity>.<field> of the candidate
 * - each further column of the samples (`keep`), as `samples.<name>` where one of the others has its name
 *
 * Texts have a slice for each of their most frequent values and one for all others, kept numbers with more values than that one for
 * each tenth of the samples.
 */
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '../../common/database.js';
import { writeWhole } from '../../common/files.js';
import { openNames } from '../../dataset/names.js';
import type { PreparedData } from '../../dataset/prepared.js';
import { RawArray } from '../../dataset/raw-array.js';
import { measuredRequests, type Range, samplesOf } from '../measured.js';
import { type Chunk, measuredSamples } from '../measured-samples.js';
import { candidateColumns } from './candidate-columns.js';
import type { CodedColumn } from './coded.js';
import { type KeptColumns, keptColumns } from './kept-columns.js';
import { requestColumns } from './request-columns.js';
import type { SliceCodes } from './slices.js';

export interface SliceInput {
  readonly prepared: PreparedData;
  readonly task: string;
  /** Further columns of its samples. */
  readonly keep: readonly string[];
  readonly maxEvents: number;
  readonly timeZone: string;
  /** Those that are asked for; null for all there are. */
  readonly columns: readonly string[] | null;
  /** For the file. */
  readonly folder: string;
  /** What DuckDB may use. */
  readonly limits: Parameters<typeof openDatabase>[1];
}

export interface OpenSliceCodes extends SliceCodes {
  /** What could be asked for. */
  readonly known: readonly string[];
  close(): void;
}

/** Takes a byte of memory for each request and column, and for each row of what is judged. */
export async function openSliceCodes(input: SliceInput): Promise<OpenSliceCodes> {
  const { prepared, task, keep, folder, limits, columns: asked } = input;
  const { candidate: judged } = prepared.manifest.tasks[task]!;
  const requests = measuredRequests(prepared.manifest);
  const names = await openNames(prepared.folder);
  const database = await openDatabase(folder, limits);
  try {
    const isAsked = ({ column }: { readonly column: string }) => asked === null || asked.includes(column);
    const samples = sampleCounts(prepared, task, requests);
    const ofRequest = await requestColumns({ ...input, requests, samples, names });
    const ofCandidate =
      judged === null ? [] : await candidateColumns(prepared, task, judged, requests, names);
    const taken = new Set([...ofRequest, ...ofCandidate].map(({ column }) => column));
    const ofSamples = keep.map((name) => ({ name, column: columnOf(name, taken, keep) }));
    const kept = ofSamples.filter(isAsked);
    const chosen = {
      request: ofRequest.filter(isAsked),
      candidate: ofCandidate.filter(isAsked),
      kept: await keptColumns({
        connection: database.connection,
        folder: prepared.folder,
        ...{ task, keep: kept.map(({ name }) => name), requests },
      }),
    };
    const path = join(folder, `${task}.slices.u8`);
    await writeCodes(path, prepared, task, requests, chosen);
    const columns = [
      ...[...chosen.request, ...chosen.candidate].map(({ column, values }) => ({ column, values })),
      ...kept.map(({ column }, at) => ({ column, values: chosen.kept.values[at]! })),
    ];
    const [first] = samplesOf(prepared, task, requests);
    const file = new RawArray(path, 'u8');
    return {
      known: [...ofRequest, ...ofCandidate, ...ofSamples].map(({ column }) => column),
      columns,
      read: (from, to) => file.read((from - first) * columns.length, (to - first) * columns.length),
      close: () => file.close(),
    };
  } finally {
    database.close();
    names.close();
  }
}

const OF_SAMPLES = 'samples.';

/** The name of a kept column: one that is taken has its table before it, as has one that such a name would be taken for. */
function columnOf(name: string, taken: ReadonlySet<string>, keep: readonly string[]): string {
  const isTaken = (other: string) => taken.has(other) && keep.includes(other);
  const looksPrefixed = name.startsWith(OF_SAMPLES) && isTaken(name.slice(OF_SAMPLES.length));
  return isTaken(name) || looksPrefixed ? `${OF_SAMPLES}${name}` : name;
}

/** Samples of each request. */
function sampleCounts({ tasks }: PreparedData, task: string, [start, end]: Range): Int32Array {
  const offsets = tasks[task]!.offsets.read(start, end + 1);
  return Int32Array.from({ length: end - start }, (_, at) => offsets[at + 1]! - offsets[at]!);
}

interface Chosen {
  readonly request: readonly CodedColumn[];
  readonly candidate: readonly CodedColumn[];
  readonly kept: KeptColumns;
}

/** Codes of all samples, row by row. */
async function writeCodes(
  path: string,
  prepared: PreparedData,
  task: string,
  requests: Range,
  chosen: Chosen,
): Promise<void> {
  const file = openSync(path, 'w');
  try {
    for (const chunk of measuredSamples(prepared, task, requests)) {
      const bytes = codesOf(chunk, requests[0], chosen, await chosen.kept.next(chunk.sample.length));
      writeWhole(file, bytes);
    }
  } finally {
    closeSync(file);
  }
}

function codesOf(
  { request, candidate, sample }: Chunk,
  firstRequest: number,
  chosen: Chosen,
  kept: Uint8Array,
): Uint8Array {
  const numKept = chosen.kept.values.length;
  const columns = chosen.request.length + chosen.candidate.length + numKept;
  const bytes = new Uint8Array(sample.length * columns);
  for (let row = 0, at = 0; row < sample.length; row++) {
    for (const { codes } of chosen.request) bytes[at++] = codes[request[row]! - firstRequest]!;
    for (const { codes } of chosen.candidate) bytes[at++] = codes[candidate![row]!]!;
    for (let column = 0; column < numKept; column++) bytes[at++] = kept[row * numKept + column]!;
  }
  return bytes;
}
