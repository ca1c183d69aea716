import { mkdir, mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { preparedPaths } from '../../../src/common/prepared.js';
import { createRandom } from '../../../src/common/random.js';
import { openPrepared } from '../../../src/dataset/prepared.js';
import { openSliceCodes, type SliceInput } from '../../../src/evaluation/slicing/open-slice-codes.js';
import { makeWorld, type World, type WorldRequest } from '../../dataset/prepared-world.js';
import { writeWorld } from '../../dataset/write-world.js';
import { groupBy } from '../definitions.js';
import { repeatEvaluation } from '../many-requests.js';
import { limits, patchManifest, type Table, writeParquet } from '../write-parquet.js';

const MAX_EVENTS = 9;
const TIME_ZONE = 'America/New_York';
/** Halfway through the events, in seconds. */
const EVALUATION_FROM = 1500;

/** A sample of `ctr` with what is kept of it, or one of another task. */
interface Row {
  readonly request: number;
  /** Row of what is judged. */
  readonly item: number;
  readonly label: number;
  readonly weight: number;
  /** Of these names. */
  readonly kept: readonly (string | null)[];
}

/** Values of `candidate`. */
const CANDIDATES = ['0', '1-9', '10-99', '100-999', '1000+'];

const KEPT = ['tag', 'price', 'place', 'code', "it's 1"];

let world: World;
let folder: string;
let work: string;
const rows: Record<string, Row[]> = {};

beforeAll(async () => {
  const made = repeatEvaluation(makeWorld(31), 22);
  // Half a year of requests, with a change of the clocks.
  world = {
    ...made,
    requests: made.requests.map((request, at) => ({
      ...request,
      time: request.time * 5003,
      samples: {
        ...request.samples,
        ctr: request.samples.ctr!.map((sample) => ({
          ...sample,
          item: judged(sample.item, request.split, at),
        })),
      },
    })),
  };
  const random = createRandom('kept');
  for (const task of ['ctr', 'follow', 'level']) {
    rows[task] = world.requests.flatMap(({ samples }, request) =>
      samples[task]!.map(({ item, label, weight }) => ({
        ...{ request, item, label, weight },
        kept: [
          random.integer(9) === 0 ? null : `t${Math.min(random.integer(50), random.integer(50))}`,
          random.integer(9) === 0 ? null : `${random.integer(60) / 4 - 3}`,
          `${random.integer(5)}`,
          `${random.integer(30) || 'none'}`,
          'same',
        ],
      })),
    );
  }
  folder = join(await mkdtemp(join(tmpdir(), 'dupn-slices-')), "it's");
  work = join(folder, 'work');
  await mkdir(work, { recursive: true });
  await writeWorld(folder, world);
  await patchManifest(folder, { evaluationFrom: new Date(1000 * EVALUATION_FROM).toISOString() });
  await writeParquet(folder, tables());
});

/** Item 1 is judged often in training, some now and then, every fifth never. */
function judged(item: number, split: number, request: number): number {
  if (split === 2) return item;
  const isRare = item % 5 === 2 && request % 6 > 0;
  return item % 5 === 0 || isRare ? 1 : item;
}

function tables(): Record<string, Table> {
  const samplesOf = (task: string): Table => ({
    columns: {
      ...{ sample: 'INTEGER', request: 'INTEGER', label: 'FLOAT', weight: 'FLOAT' },
      ...Object.fromEntries([...KEPT, 'hour', 'samples.hour'].map((name) => [name, 'VARCHAR'])),
    },
    rows: rows[task]!.map(({ request, label, weight, kept }, sample) => [
      ...[sample, request, label, weight],
      ...[...kept, kept[KEPT.indexOf('code')]!, kept[KEPT.indexOf('place')]!],
    ]),
  });
  const vocabulary = (name: string, size: number): Table => ({
    columns: { value: 'VARCHAR', count: 'BIGINT', index: 'INTEGER' },
    rows: Array.from({ length: size }, (_, at) => [`${name} ${at}`, 9, at < 3 ? null : at]),
  });
  return {
    [preparedPaths.samples('ctr')]: samplesOf('ctr'),
    [preparedPaths.samples('follow')]: samplesOf('follow'),
    [preparedPaths.samples('level')]: samplesOf('level'),
    // The brands of shops have the vocabulary of those of items.
    [preparedPaths.vocabulary('item', 'brand')]: vocabulary('brand', 9),
    [preparedPaths.vocabulary('shop', 'style')]: vocabulary('style', 6),
    [preparedPaths.vocabulary('user', 'age')]: vocabulary('age', 11),
    [preparedPaths.vocabulary('user', 'device')]: vocabulary('device', 5),
  };
}

/** Column -> the name of the slice of each measured sample, and the names of all slices. */
async function codesOf(task: string, more: Partial<SliceInput> = {}) {
  const prepared = openPrepared(folder);
  const codes = await openSliceCodes({
    ...{ prepared, task, keep: task === 'ctr' ? KEPT : [], maxEvents: MAX_EVENTS, timeZone: TIME_ZONE },
    ...{ columns: null, folder: work, limits, ...more },
  });
  try {
    const first = rows[task]!.findIndex(({ request }) => world.requests[request]!.split === 2);
    const read = codes.read(first, rows[task]!.length);
    const half = codes.read(first + 10, first + 12);
    const width = codes.columns.length;
    expect(half).toEqual(read.subarray(10 * width, 12 * width));
    const names = codes.columns.map(({ column, values }, at) => {
      const ofSamples = Array.from(
        rows[task]!.slice(first),
        (_, sample) => values[read[sample * width + at]!],
      );
      return [column, { values, ofSamples }] as const;
    });
    return { known: codes.known, byColumn: new Map(names) };
  } finally {
    codes.close();
    prepared.close();
  }
}

const bucketOf = (count: number, starts: readonly number[]) => {
  const at = starts.findLastIndex((start) => start <= count);
  const [from, to] = [starts[at]!, starts[at + 1]];
  if (to === undefined) return `${from}+`;
  return to - 1 === from ? `${from}` : `${from}-${to - 1}`;
};

const measured = (task: string) =>
  rows[task]!.map((row) => ({ ...row, of: world.requests[row.request]! })).filter(({ of }) => of.split === 2);

/** The most frequent values first, equal ones by `order`, `(other)` last; and what each sample is then. */
function frequent(values: readonly (string | null)[], order = (value: string | null) => value ?? '\uffff') {
  const groups = [...groupBy(values, (value) => value)].map(([value, { length }]) => ({ value, length }));
  groups.sort((a, b) => b.length - a.length || (order(a.value) < order(b.value) ? -1 : 1));
  const names = groups.slice(0, 24).map(({ value }) => value);
  const name = (value: string | null) => value ?? '(missing)';
  return {
    values: [...names.map(name), '(other)'],
    ofSamples: values.map((value) => (names.includes(value) ? name(value) : '(other)')),
  };
}

const clock = (options: Intl.DateTimeFormatOptions) => {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: TIME_ZONE, hourCycle: 'h23', ...options });
  return (seconds: number) => format.format(1000 * seconds);
};
const hourOf = clock({ hour: 'numeric' });
const dayOf = clock({ weekday: 'long' });

function userKind({ end, user }: WorldRequest): string {
  if (end === 0) return 'no behaviour yet';
  const [first] = world.segments.flatMap((users) => users[user] ?? []);
  return first!.time < EVALUATION_FROM ? 'known before' : 'new';
}

/** Of a field of the world, whose first value is at 3. */
const fieldValue = (field: string, index: number) => {
  if (index === 0) return '(missing)';
  return index <= 2 ? '(out of vocabulary)' : `${field} ${index}`;
};

/** What is not there, then what is not known, then by index. */
const byIndex = (value: string | null) =>
  value!.startsWith('(') ? (value === '(missing)' ? '0' : '1') : `2${value!.padStart(20)}`;

/** Columns of ranges and names: all values there are, and that of a request. */
const fixed: Record<string, { values: string[]; of: (request: WorldRequest) => string }> = {
  behaviours: {
    values: ['0', '1', '2-4', '5-9', '10-19', '20-49', '50-99', '100+'],
    of: ({ end }) => bucketOf(Math.min(end, MAX_EVENTS), [0, 1, 2, 5, 10, 20, 50, 100]),
  },
  user: { values: ['known before', 'new', 'no behaviour yet'], of: userKind },
  hour: {
    values: Array.from({ length: 24 }, (_, hour) => `${hour}`),
    of: ({ time }) => `${Number(hourOf(time))}`,
  },
  dayOfWeek: {
    values: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'],
    of: ({ time }) => dayOf(time).toLowerCase(),
  },
  query: {
    values: ['0', '1', '2', '3', '4+'],
    of: ({ query }) => bucketOf(query.length, [0, 1, 2, 3, 4]),
  },
};

const ofUser = (field: string) => (request: WorldRequest) => fieldValue(field, request.fields[field]!);

const OF_REQUEST = [...Object.keys(fixed), 'user.age', 'user.device'];

test.each(['ctr', 'follow', 'level'])(
  'the columns of the requests of %s are those worked out one by one',
  async (task) => {
    const { byColumn } = await codesOf(task);
    const requests = measured(task).map(({ of }) => of);
    for (const [column, { values, of }] of Object.entries(fixed)) {
      const ofSamples = requests.map(of);
      expect(byColumn.get(column), column).toEqual({ values, ofSamples });
      if (task === 'ctr') expect(new Set(ofSamples).size, column).toBeGreaterThan(2);
    }
    for (const field of ['age', 'device']) {
      const expected = frequent(requests.map(ofUser(field)), byIndex);
      expect(byColumn.get(`user.${field}`), field).toEqual(expected);
      expect(expected.values).toContain('(out of vocabulary)');
    }
  },
);

test('the users of an update are known where they had a behaviour before it', async () => {
  const update = join(folder, 'update');
  await writeWorld(update, world);
  // An update has no evaluation part; what would be one begins where its data ends.
  const times = {
    updateFrom: new Date(1000 * EVALUATION_FROM).toISOString(),
    evaluationFrom: '1970-01-01T02:00:00Z',
  };
  await patchManifest(update, times);
  await writeParquet(update, tables());
  const prepared = openPrepared(update);
  const codes = await openSliceCodes({
    ...{ prepared, task: 'ctr', keep: [], maxEvents: MAX_EVENTS, timeZone: TIME_ZONE },
    ...{ columns: ['user'], folder: work, limits },
  });
  const of = rows.ctr!.map(({ request }) => world.requests[request]!).filter(({ split }) => split < 2);
  const kinds = Array.from(codes.read(0, of.length), (code) => codes.columns[0]!.values[code]);
  expect(kinds).toEqual(of.map(userKind));
  codes.close();
  prepared.close();
});

test('a change of the clocks is read off the clock', async () => {
  const offsets = measured('ctr').map(({ of }) => {
    const utc = new Date(1000 * of.time).getUTCHours();
    return (utc - Number(hourOf(of.time)) + 24) % 24;
  });
  expect(new Set(offsets)).toEqual(new Set([4, 5]));
});

test('kept texts have the most frequent values and (other), numbers of many values tenths', async () => {
  const { byColumn } = await codesOf('ctr');
  const samples = measured('ctr');
  const column = (name: string) => samples.map(({ kept }) => kept[KEPT.indexOf(name)]!);
  for (const name of ['tag', 'place', 'code', "it's 1"]) {
    expect(byColumn.get(name), name).toEqual(frequent(column(name)));
  }
  expect(byColumn.get('tag')!.values).toHaveLength(25);
  expect(byColumn.get('tag')!.ofSamples).toContain('(other)');
  expect(byColumn.get('tag')!.values).toContain('(missing)');
  // One value of `code` is no number, so that it has no tenths.
  expect(byColumn.get('code')!.values).toContain('none');
  const prices = column('price').map((value) => (value === null ? null : Number(value)));
  const known = prices.filter((value) => value !== null);
  const tenthOf = (value: number) => {
    const below = known.filter((other) => other < value).length;
    const tied = known.filter((other) => other === value).length;
    return Math.floor(((below + tied / 2) * 10) / known.length);
  };
  const distinct = [...new Set(known)].sort((a, b) => a - b);
  const tenths = new Map(distinct.map((value) => [value, tenthOf(value)]));
  const nameOf = (value: number) => {
    const members = distinct.filter((other) => tenths.get(other) === tenths.get(value));
    return `${members[0]} to ${members.at(-1)}`;
  };
  const { values, ofSamples } = byColumn.get('price')!;
  expect(ofSamples).toEqual(prices.map((value) => (value === null ? '(missing)' : nameOf(value))));
  expect(values).toEqual([...new Set(distinct.map(nameOf)), '(missing)', '(other)']);
  expect(values).toHaveLength(12);
});

test('candidates are sliced by how often they were judged in training, and by their fields', async () => {
  for (const [task, judges, fields] of [
    ['ctr', 'item', ['brand']],
    ['follow', 'shop', ['brand', 'style']],
  ] as const) {
    const { byColumn, known } = await codesOf(task);
    const training = rows[task]!.filter(({ request }) => world.requests[request]!.split === 0);
    const times = groupBy(training, ({ item }) => item);
    const ofSamples = measured(task).map(({ item }) =>
      bucketOf(times.get(item)?.length ?? 0, [0, 1, 10, 100, 1000]),
    );
    expect(byColumn.get('candidate')).toEqual({ values: CANDIDATES, ofSamples });
    if (task === 'ctr') expect([...new Set(ofSamples)].sort()).toEqual(CANDIDATES.slice(0, 4));
    const attributes = task === 'ctr' ? world.items : world.entities.shop!;
    for (const field of fields) {
      const names = measured(task).map(({ item }) => fieldValue(field, attributes[field]![item] as number));
      expect(byColumn.get(`${judges}.${field}`), field).toEqual(frequent(names, byIndex));
    }
    // Neither the id nor fields of several values.
    expect(known.filter((column) => column.startsWith(`${judges}.`))).toEqual(
      fields.map((field) => `${judges}.${field}`),
    );
  }
  expect((await codesOf('level')).known).toEqual(OF_REQUEST);
});

test('columns that are asked for are the only ones, in the order of all', async () => {
  const { known, byColumn } = await codesOf('ctr', { columns: ['price', 'hour', 'nothing'] });
  expect([...byColumn.keys()]).toEqual(['hour', 'price']);
  expect(known).toEqual([...OF_REQUEST, 'candidate', 'item.brand', ...KEPT]);
  expect([...(await codesOf('ctr', { columns: [] })).byColumn.keys()]).toEqual([]);
});

test('a kept column of the name of another one is samples.<name>, and asked for by that', async () => {
  const keep = ['hour', 'place'];
  const { known, byColumn } = await codesOf('follow', { keep });
  expect(known).toEqual([
    ...[...OF_REQUEST, 'candidate', 'shop.brand', 'shop.style'],
    ...['samples.hour', 'place'],
  ]);
  expect([...byColumn.keys()]).toEqual(known);
  const hours = measured('follow').map(({ kept }) => kept[KEPT.indexOf('code')]!);
  expect(byColumn.get('samples.hour')).toEqual(frequent(hours));
  expect(byColumn.get('hour')!.values).toEqual(fixed.hour!.values);
  const asked = (...columns: string[]) => codesOf('follow', { keep, columns });
  expect([...(await asked('samples.hour')).byColumn]).toEqual([
    ['samples.hour', byColumn.get('samples.hour')],
  ]);
  expect([...(await asked('hour')).byColumn]).toEqual([['hour', byColumn.get('hour')]]);
});

test('a kept column that is called as another one would be is told apart from it', async () => {
  const { known, byColumn } = await codesOf('follow', { keep: ['hour', 'samples.hour'] });
  expect(known.slice(-2)).toEqual(['samples.hour', 'samples.samples.hour']);
  const names = (column: string) =>
    frequent(measured('follow').map(({ kept }) => kept[KEPT.indexOf(column)]!));
  expect(byColumn.get('samples.hour')).toEqual(names('code'));
  expect(byColumn.get('samples.samples.hour')).toEqual(names('place'));
  const alone = await codesOf('follow', { keep: ['samples.hour'] });
  expect(alone.byColumn.get('samples.hour')).toEqual(names('place'));
});

test('a part without requests, or without samples of the task, has slices of nothing', async () => {
  for (const splits of [
    [0, 1],
    [0, 1, 2],
  ]) {
    const empty = join(folder, `empty-${splits.length}`);
    const requests = world.requests
      .filter(({ split }) => splits.includes(split))
      .map((request) =>
        request.split === 2 ? { ...request, samples: { ...request.samples, ctr: [] } } : request,
      );
    await writeWorld(empty, { ...world, requests });
    const before = tables();
    const ofTask = before[preparedPaths.samples('ctr')]!;
    const training = ofTask.rows.filter(([, request]) => world.requests[request as number]!.split < 2);
    await writeParquet(empty, { ...before, [preparedPaths.samples('ctr')]: { ...ofTask, rows: training } });
    const prepared = openPrepared(empty);
    const codes = await openSliceCodes({
      ...{ prepared, task: 'ctr', keep: KEPT, maxEvents: MAX_EVENTS, timeZone: TIME_ZONE },
      ...{ columns: null, folder: work, limits },
    });
    expect(codes.read(training.length, training.length)).toHaveLength(0);
    expect(codes.columns.map(({ column }) => column)).toEqual(codes.known);
    expect(codes.known).toEqual([...OF_REQUEST, 'candidate', 'item.brand', ...KEPT]);
    for (const { column, values } of codes.columns) {
      const { values: all = ['(other)'] } =
        column === 'candidate' ? { values: CANDIDATES } : (fixed[column] ?? {});
      expect(values, column).toEqual(all);
    }
    codes.close();
    prepared.close();
  }
});

test('all that is left on disk are the codes', async () => {
  await codesOf('ctr');
  expect((await readdir(work)).filter((name) => !name.endsWith('.slices.u8'))).toEqual([]);
});

// Names that the queries use themselves, or that DuckDB has another meaning for.
const HOSTILE = [
  ...['value', 'number', 'code', 'n', 'kept', 'codes0', 'tenth', 'counted', 's', 'select'],
  'a "b"',
];

test('kept columns of hostile names are sliced as any other', async () => {
  const random = createRandom('hostile');
  const of = measured('ctr');
  const before = rows.ctr!.length - of.length;
  const hostile = join(folder, 'hostile');
  await mkdir(hostile, { recursive: true });
  await writeWorld(hostile, world);
  await patchManifest(hostile, { evaluationFrom: new Date(1000 * EVALUATION_FROM).toISOString() });
  // Every second one is a number of many values.
  const made = rows.ctr!.map(() =>
    HOSTILE.map((_, at) => (at % 2 === 0 ? `v${random.integer(6)}` : `${random.integer(900) / 8}`)),
  );
  const samples: Table = {
    columns: {
      ...{ sample: 'INTEGER', request: 'INTEGER', label: 'FLOAT', weight: 'FLOAT' },
      ...Object.fromEntries(HOSTILE.map((name, at) => [name, at % 2 === 0 ? 'VARCHAR' : 'DOUBLE'])),
    },
    rows: rows.ctr!.map(({ request, label, weight }, sample) => [
      ...[sample, request, label, weight],
      ...made[sample]!.map((value, at) => (at % 2 === 0 ? value : Number(value))),
    ]),
  };
  await writeParquet(hostile, { ...tables(), [preparedPaths.samples('ctr')]: samples });
  const prepared = openPrepared(hostile);
  const codes = await openSliceCodes({
    ...{ prepared, task: 'ctr', keep: HOSTILE, maxEvents: MAX_EVENTS, timeZone: TIME_ZONE },
    ...{ columns: HOSTILE, folder: work, limits },
  });
  try {
    expect(codes.columns.map(({ column }) => column)).toEqual(HOSTILE);
    const read = codes.read(before, rows.ctr!.length);
    for (const [at, { column, values }] of codes.columns.entries()) {
      const names = of.map((_, row) => values[read[row * HOSTILE.length + at]!]!);
      const expected = of.map((_, row) => made[before + row]![at]!);
      if (at % 2 === 0) {
        expect(names, column).toEqual(expected);
        continue;
      }
      expect(values, column).toHaveLength(11);
      for (const [row, name] of names.entries()) {
        const [low, high] = name.split(' to ').map(Number) as [number, number];
        expect(Number(expected[row]), column).toBeGreaterThanOrEqual(low);
        expect(Number(expected[row]), column).toBeLessThanOrEqual(high);
      }
    }
  } finally {
    codes.close();
    prepared.close();
  }
});
