/** Counts what the prepared data of a run looks like: one pass over its events and requests, in pieces. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Progress } from '../common/context.js';
import { type ElementType, SPLITS, type Split } from '../common/prepared.js';
import { openNames } from '../dataset/names.js';
import { openPrepared, type PreparedData, splitRange } from '../dataset/prepared.js';
import type { ArrayOf, RawArray } from '../dataset/raw-array.js';
import { dayText, localDays } from '../features/local-days.js';
import { propertyIndex } from '../features/property-code.js';
import type { DataProfile } from './data-profile.js';
import { propertyValues } from './property-values.js';

/** Elements that are read at once. */
const PIECE = 2 ** 16;

/** Property codes have 16 bits. */
const PROPERTY_CODES = 65_536;

/** Values of a property field that are told apart. */
const MOST_VALUES = 20;

export interface ProfileInput {
  readonly preparedFolder: string;
  /** data.timeZone */
  readonly timeZone: string;
  /** Length of a window at most. */
  readonly maxEvents: number;
}

/** Takes memory by the number of days and of property combinations, not by that of the events. */
export async function profileData(
  { preparedFolder, timeZone, maxEvents }: ProfileInput,
  progress: Progress,
): Promise<DataProfile> {
  const prepared = openPrepared(preparedFolder, { loadBelowBytes: 0 });
  const { manifest } = prepared;
  const bar = progress.start('profile', 2 * (manifest.events + manifest.requests));
  let done = 0;
  const read: Reader = async function* (array, start = 0, end = array.length) {
    for (let from = start; from < end; from += PIECE) {
      const piece = array.read(from, Math.min(from + PIECE, end));
      yield piece;
      done += piece.length;
      bar.update(done);
      // What else waits gets its turn, such as the bar itself.
      await turn();
    }
  };
  try {
    const dayOf = localDays(timeZone);
    return {
      lengths: await countLengths(prepared, maxEvents, read),
      properties: await countProperties(prepared, read),
      eventsByDay: await countEventDays(prepared, dayOf, read),
      requestsByDay: await countRequestDays(prepared, dayOf, read),
      rows: manifest.rows,
    };
  } finally {
    bar.stop();
    prepared.close();
  }
}

/** Elements [start, end) of an array, by default all of them, piece by piece. */
type Reader = <E extends ElementType>(
  array: RawArray<E>,
  start?: number,
  end?: number,
) => AsyncGenerator<ArrayOf<E>>;

async function countLengths(
  { manifest, requests }: PreparedData,
  maxEvents: number,
  read: Reader,
): Promise<DataProfile['lengths']> {
  const bins: Record<Split, number>[] = [];
  for (const split of SPLITS) {
    for await (const ends of read(requests.end, ...splitRange(manifest, split))) {
      for (const end of ends) {
        const bin = binOf(Math.min(end, maxEvents));
        while (bins.length <= bin) bins.push({ training: 0, validation: 0, evaluation: 0 });
        bins[bin]![split]++;
      }
    }
  }
  return bins.map((requests, bin) => ({ behaviours: binText(bin, maxEvents), requests }));
}

/** 0, 1, 2, 3-4, 5-8, ...: bin b > 0 ends at 2^(b - 1). */
const binOf = (length: number): number => (length === 0 ? 0 : 33 - Math.clz32(length - 1));

function binText(bin: number, maxEvents: number): string {
  if (bin < 3) return `${bin}`;
  const [first, last] = [2 ** (bin - 2) + 1, Math.min(2 ** (bin - 1), maxEvents)];
  return first === last ? `${first}` : `${first}-${last}`;
}

async function countProperties(
  { folder, manifest, segments }: PreparedData,
  read: Reader,
): Promise<DataProfile['properties']> {
  const fields = manifest.fields.properties;
  if (fields.length === 0) return [];
  const byCode = new Float64Array(PROPERTY_CODES);
  for (const { properties } of segments) {
    for await (const codes of read(properties)) for (const code of codes) byCode[code]!++;
  }
  const names = await openNames(folder);
  try {
    const shown: DataProfile['properties'][number][] = [];
    for (const field of fields) {
      const counts = new Float64Array(field.rows);
      for (const [code, events] of byCode.entries()) counts[propertyIndex(code, field)]! += events;
      const values = await propertyValues(names, field, counts, MOST_VALUES);
      shown.push({ field: field.name, values: values.map(({ value, count }) => ({ value, events: count })) });
    }
    return shown;
  } finally {
    names.close();
  }
}

async function countEventDays(
  { segments }: PreparedData,
  dayOf: (seconds: number) => number,
  read: Reader,
): Promise<DataProfile['eventsByDay']> {
  const byDay = new Map<number, number>();
  for (const { times } of segments) await countDays(read(times), dayOf, byDay);
  const met = [...byDay.keys()].sort((a, b) => a - b);
  if (met.length === 0) return [];
  const days = Array.from({ length: met.at(-1)! - met[0]! + 1 }, (_, at) => met[0]! + at);
  return days.map((day) => ({ day: dayText(day), events: byDay.get(day) ?? 0 }));
}

async function countRequestDays(
  { manifest, requests }: PreparedData,
  dayOf: (seconds: number) => number,
  read: Reader,
): Promise<DataProfile['requestsByDay']> {
  const rows: { readonly day: number; readonly split: Split; readonly requests: number }[] = [];
  for (const split of SPLITS) {
    const byDay = new Map<number, number>();
    await countDays(read(requests.time, ...splitRange(manifest, split)), dayOf, byDay);
    rows.push(...[...byDay].map(([day, requests]) => ({ day, split, requests })));
  }
  // Stable: the parts of a day stay in the order of the split.
  return rows.sort((a, b) => a.day - b.day).map(({ day, ...row }) => ({ day: dayText(day), ...row }));
}

/** Adds to `byDay`; neighbours are mostly of one day, so that the map is asked seldom. */
async function countDays(
  pieces: AsyncIterable<Uint32Array>,
  dayOf: (seconds: number) => number,
  byDay: Map<number, number>,
): Promise<void> {
  for await (const times of pieces) {
    let current = Number.NaN;
    let count = 0;
    for (const time of times) {
      const day = dayOf(time);
      if (day !== current) {
        if (count > 0) byDay.set(current, (byDay.get(current) ?? 0) + count);
        current = day;
        count = 0;
      }
      count++;
    }
    if (count > 0) byDay.set(current, (byDay.get(current) ?? 0) + count);
  }
}
