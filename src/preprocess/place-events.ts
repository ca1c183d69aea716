/**
 * Puts the events of each user in order of time, writes them as streams, and tells where in them the history of each request
 * ends. Done on arrays, for as many users at a time as have some hundred thousand events: a sort in SQL, and a join of requests to
 * the moments before them, took several times as long.
 */
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { appendIntegers, eachChunk } from '../common/database.js';
import { preparedPaths } from '../common/prepared.js';
import type { Config } from '../config/schema.js';
import { lastEventFields } from './contexts.js';
import { orderByTime } from './order-by-time.js';
import { PieceFile } from './piece-file.js';
import { openRawFile, type RawFile, writeRawArray } from './raw-files.js';

/** Events that lie between two moments of updates: those from `firstRow` of the log on, up to the next segment's. */
export interface Segment {
  readonly segment: string;
  readonly firstRow: number;
}

/** Events and requests that are in memory at once, at about 40 bytes; a user with more is taken alone. */
const PIECE = 1 << 19;

const US_PER_SECOND = 1_000_000;

/** No event lies before the request. */
const NO_CONTEXT = -1;

/**
 * Writes the streams of the last segment, and the user fields that are read off events of every segment: the vocabularies
 * of these fields grow, so what earlier preparations wrote would not be what requests of this one say of the same events.
 * Makes `request_places` (request, ends: number of the user's events strictly before, context: of the last of these, or -1).
 * Needs `events`, `contexts` and `request_keys`.
 */
export async function placeEvents(
  connection: DuckDBConnection,
  { folder, work }: { readonly folder: string; readonly work: string },
  config: Config,
  users: number,
  segments: readonly Segment[],
  pieceRows = PIECE,
): Promise<void> {
  await connection.run('CREATE TABLE request_places (request INTEGER, ends INTEGER, context INTEGER)');
  const events = await countByUser(connection, 'events', users);
  const requests = await countByUser(connection, 'request_keys', users);
  const pieces = divide(users, pieceRows, events, requests);
  const outputs = await openOutputs(connection, folder, config, segments);
  const { segment: newSegment, firstRow: newFrom } = segments.at(-1)!;
  const offsets = new Int32Array(users + 1);
  const files: PieceFile[] = [];
  try {
    const pieceFile = (name: string, slots: number, sizes: readonly number[]) => {
      const file = new PieceFile(join(work, name), slots, sizes);
      files.push(file);
      return file;
    };
    const eventSizes = pieces.map(({ numEvents }) => numEvents);
    const eventFile = pieceFile('events', EVENT_SLOTS, eventSizes);
    const requestSizes = pieces.map(({ numRequests }) => numRequests);
    const requestFile = pieceFile('requests', REQUEST_SLOTS, requestSizes);
    const pieceOf = piecesOfUsers(users, pieces);
    await divideEvents(connection, eventFile, pieceOf);
    await divideRequests(connection, requestFile, pieceOf);
    const memory = allocate(Math.max(0, ...eventSizes));
    for (const [number, { first, last, numRequests }] of pieces.entries()) {
      const piece = readPiece(eventFile, number, events.subarray(first, last), first, memory);
      for (const output of outputs) await writePiece(output, piece);
      for (let user = first; user < last; user++) {
        let count = 0;
        for (let at = piece.starts[user - first]!; at < piece.starts[user - first + 1]!; at++) {
          if (piece.inputs[at]! >= newFrom) count++;
        }
        offsets[user + 1] = offsets[user]! + count;
      }
      if (numRequests > 0) await placeRequests(connection, requestFile, number, numRequests, piece, first);
    }
  } finally {
    for (const file of files) file.close();
    for (const { files } of outputs) for (const { file } of files) await file.close();
  }
  await writeRawArray(folder, preparedPaths.streamOffsets(newSegment), offsets);
}

/** Users from `first` up to `last`. */
interface Range {
  readonly first: number;
  readonly last: number;
  readonly numEvents: number;
  readonly numRequests: number;
}

function divide(users: number, pieceRows: number, events: Int32Array, requests: Int32Array): Range[] {
  const pieces: { -readonly [key in keyof Range]: Range[key] }[] = [];
  for (let user = 0; user < users; user++) {
    const [numEvents, numRequests] = [events[user]!, requests[user]!];
    const piece = pieces.at(-1);
    if (piece && piece.numEvents + piece.numRequests + numEvents + numRequests <= pieceRows) {
      piece.last++;
      piece.numEvents += numEvents;
      piece.numRequests += numRequests;
    } else pieces.push({ first: user, last: user + 1, numEvents, numRequests });
  }
  return pieces;
}

async function countByUser(connection: DuckDBConnection, table: string, users: number): Promise<Int32Array> {
  const counts = new Int32Array(users);
  await eachChunk(connection, `SELECT usr FROM ${table}`, ([user], rows) => {
    for (let row = 0; row < rows; row++) counts[user![row]!]!++;
  });
  return counts;
}

/** Each user's piece. */
function piecesOfUsers(users: number, pieces: readonly Range[]): Int32Array {
  const pieceOf = new Int32Array(users);
  for (const [number, { first, last }] of pieces.entries()) pieceOf.fill(number, first, last);
  return pieceOf;
}

/** Time, user, item, context and input order. */
const EVENT_SLOTS = 6;

async function divideEvents(
  connection: DuckDBConnection,
  file: PieceFile,
  pieceOf: Int32Array,
): Promise<void> {
  const { doubles, integers } = file.buffer;
  const sql = 'SELECT CAST(time_us AS DOUBLE), usr, item, context, CAST(ord AS UINTEGER) FROM events';
  await eachChunk(connection, sql, ([time, user, item, context, input], rows) => {
    for (let row = 0; row < rows; row++) {
      const at = EVENT_SLOTS * file.next(pieceOf[user![row]!]!);
      doubles[at / 2] = time![row]!;
      integers[at + 2] = user![row]!;
      integers[at + 3] = item![row]!;
      integers[at + 4] = context![row]!;
      integers[at + 5] = input![row]!;
    }
  });
}

/** Time, user and request. */
const REQUEST_SLOTS = 4;

async function divideRequests(
  connection: DuckDBConnection,
  file: PieceFile,
  pieceOf: Int32Array,
): Promise<void> {
  const { doubles, integers } = file.buffer;
  const sql = 'SELECT CAST(time_us AS DOUBLE), usr, request FROM request_keys';
  await eachChunk(connection, sql, ([time, user, request], rows) => {
    for (let row = 0; row < rows; row++) {
      const at = REQUEST_SLOTS * file.next(pieceOf[user![row]!]!);
      doubles[at / 2] = time![row]!;
      integers[at + 2] = user![row]!;
      integers[at + 3] = request![row]!;
    }
  });
}

/** For all pieces, one after the other: memory outside of V8's heap is freed late. */
interface Memory {
  readonly items: Int32Array;
  readonly contexts: Int32Array;
  /** Microseconds since 1970. */
  readonly times: Float64Array;
  /** Rowid in the log. */
  readonly inputs: Uint32Array;
  readonly order: Int32Array;
  readonly spare: Int32Array;
  /** What is written. */
  readonly values: ArrayBuffer;
}

function allocate(size: number): Memory {
  return {
    items: new Int32Array(size),
    contexts: new Int32Array(size),
    times: new Float64Array(size),
    inputs: new Uint32Array(size),
    order: new Int32Array(size),
    spare: new Int32Array(size),
    values: new ArrayBuffer(4 * size),
  };
}

/** The events of some users. */
interface Piece extends Memory {
  /** Of the first user's first event among `order`, then of each next one's; behind the last. */
  readonly starts: Int32Array;
  /** Places of the events, user by user and in order of time. */
  readonly order: Int32Array;
}

function readPiece(
  file: PieceFile,
  number: number,
  counts: Int32Array,
  firstUser: number,
  memory: Memory,
): Piece {
  const starts = new Int32Array(counts.length + 1);
  for (const [at, count] of counts.entries()) starts[at + 1] = starts[at]! + count;
  const { items, contexts, times, inputs, spare } = memory;
  const next = starts.slice();
  file.read(number, ({ doubles, integers }, rows) => {
    for (let row = 0; row < rows; row++) {
      const at = row * EVENT_SLOTS;
      const place = next[integers[at + 2]! - firstUser]!++;
      times[place] = doubles[at / 2]!;
      items[place] = integers[at + 3]!;
      contexts[place] = integers[at + 4]!;
      inputs[place] = integers[at + 5]!;
    }
  });
  const order = memory.order.subarray(0, starts.at(-1));
  for (let at = 0; at < order.length; at++) order[at] = at;
  for (let user = 0; user < counts.length; user++) {
    orderByTime(order, spare, starts[user]!, starts[user + 1]!, { times, inputs });
  }
  return { ...memory, starts, order };
}

/** The files of one segment. */
interface Output {
  /** Rows of the log. */
  readonly from: number;
  readonly to: number;
  readonly files: readonly {
    readonly file: RawFile;
    /** What is written of the event at a place. */
    readonly valueAt: (piece: Piece) => (place: number) => number;
    readonly Type: typeof Int32Array | typeof Uint16Array | typeof Uint32Array;
  }[];
}

async function openOutputs(
  connection: DuckDBConnection,
  folder: string,
  config: Config,
  segments: readonly Segment[],
): Promise<readonly Output[]> {
  const userFields = lastEventFields(config);
  const [codes, ...fields] = await byContext(connection, ['code', ...userFields.map(({ at }) => `u${at}`)]);
  const outputs: Output[] = [];
  for (const [number, { segment, firstRow }] of segments.entries()) {
    const next = segments[number + 1];
    const files: Output['files'][number][] = [];
    const add = async (
      path: string,
      Type: (typeof files)[number]['Type'],
      valueAt: (typeof files)[number]['valueAt'],
    ) => {
      files.push({ file: await openRawFile(join(folder, path)), Type, valueAt });
    };
    for (const [at, { name }] of userFields.entries()) {
      const rows = fields[at]!;
      const valueAt =
        ({ contexts }: Piece) =>
        (place: number) =>
          rows[contexts[place]!]!;
      await add(preparedPaths.streamUserField(segment, name), Int32Array, valueAt);
    }
    if (!next) {
      await add(
        preparedPaths.streamItems(segment),
        Int32Array,
        ({ items }) =>
          (place) =>
            items[place]!,
      );
      const codeOf =
        ({ contexts }: Piece) =>
        (place: number) =>
          codes![contexts[place]!]!;
      await add(preparedPaths.streamProperties(segment), Uint16Array, codeOf);
      const secondsOf =
        ({ times }: Piece) =>
        (place: number) =>
          Math.floor(times[place]! / US_PER_SECOND);
      await add(preparedPaths.streamTimes(segment), Uint32Array, secondsOf);
    }
    if (files.length > 0)
      outputs.push({ from: firstRow, to: next?.firstRow ?? Number.POSITIVE_INFINITY, files });
  }
  return outputs;
}

/** Columns of `contexts` as arrays by context. */
async function byContext(connection: DuckDBConnection, columns: readonly string[]): Promise<Int32Array[]> {
  let size = 0;
  await eachChunk(connection, 'SELECT max(context) FROM contexts', ([largest]) => {
    size = largest![0]! + 1;
  });
  const arrays = columns.map(() => new Int32Array(size));
  await eachChunk(
    connection,
    `SELECT context, ${columns.join(', ')} FROM contexts`,
    ([context, ...values], rows) => {
      for (const [at, array] of arrays.entries()) {
        for (let row = 0; row < rows; row++) array[context![row]!] = values[at]![row]!;
      }
    },
  );
  return arrays;
}

async function writePiece({ from, to, files }: Output, piece: Piece): Promise<void> {
  const { order, inputs, spare } = piece;
  let count = 0;
  for (const place of order) if (inputs[place]! >= from && inputs[place]! < to) spare[count++] = place;
  for (const { file, Type, valueAt } of files) {
    const value = valueAt(piece);
    const values = new Type(piece.values, 0, count);
    for (let at = 0; at < count; at++) values[at] = value(spare[at]!);
    await file.write(new Uint8Array(piece.values, 0, values.byteLength));
  }
}

async function placeRequests(
  connection: DuckDBConnection,
  file: PieceFile,
  number: number,
  count: number,
  { starts, order, times, contexts }: Piece,
  firstUser: number,
): Promise<void> {
  const places = [new Int32Array(count), new Int32Array(count), new Int32Array(count)] as const;
  const [requests, ends, lastContexts] = places;
  let filled = 0;
  file.read(number, ({ doubles, integers }, rows) => {
    for (let row = 0; row < rows; row++) {
      const at = row * REQUEST_SLOTS;
      const [time, user] = [doubles[at / 2]!, integers[at + 2]! - firstUser];
      const start = starts[user]!;
      let [low, high] = [start, starts[user + 1]!];
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (times[order[middle]!]! < time) low = middle + 1;
        else high = middle;
      }
      requests[filled] = integers[at + 3]!;
      ends[filled] = low - start;
      lastContexts[filled] = low > start ? contexts[order[low - 1]!]! : NO_CONTEXT;
      filled++;
    }
  });
  await appendIntegers(connection, 'request_places', places);
}
