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
  readonly item: number;
  readonly candidate: string;
  readonly label: number;
  readonly weight: number;
  /** Of these names. */
  readonly kept: readonly (string | null)[];
}

const KEPT = ['tag', 'price', 'place', 'code', "it's 1"];

let world: World;
let folder: string;
let work: string;
const rows: Record<string, Row[]> = {};

beforeAll(async () => {
  const made = repeatEvaluation(makeWorld(31), 22);
  // Half a year of requests, with a change of the clocks.
  world = { ...made, requests: made.requests.map((r) => ({ ...r, time: r.time * 5003 })) };
  const random = createRandom('kept');
  for (const task of ['ctr', 'follow', 'level']) {
    rows[task] = world.requests.flatMap(({ samples, split }, request) =>
      samples[task]!.map(({ item, label, weight }) => ({
        ...{ request, item, label, weight },
        candidate: candidateOf(item, split, request),
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

/** Judged often, now and then, and never before the evaluation. */
function candidateOf(item: number, split: number, request: number): string {
  if (item % 5 === 0) return split === 2 ? `new ${item}` : `old ${item}`;
  if (item % 5 === 1) return `rare ${request % 60}`;
  return item % 5 === 2 ? 'always' : `${item}`;
}

const text = (name: string, row: number) => (row % 6 === 0 ? null : `${name}'${row % 4}`);

function tables(): Record<string, Table> {
  const samplesOf = (task: string): Table => ({
    columns: {
      ...{ sample: 'INTEGER', request: 'INTEGER', candidate: 'VARCHAR', label: 'FLOAT', weight: 'FLOAT' },
      ...Object.fromEntries(KEPT.map((name) => [name, 'VARCHAR'])),
    },
    rows: rows[task]!.map(({ request, candidate, label, weight, kept }, sample) => [
      ...[sample, request, candidate, label, weight],
      ...kept,
    ]),
  });
  const attributes = (fields: readonly string[], count: number): Table => ({
    columns: { row: 'INTEGER', ...Object.fromEntries(fields.map((name) => [name, 'VARCHAR'])) },
    rows: Array.from({ length: count }, (_, row) => [row, ...fields.map((name) => text(name, row))]),
  });
  const vocabulary = (name: string, size: number): Table => ({
    columns: { value: 'VARCHAR', count: 'BIGINT', index: 'INTEGER' },
    rows: Array.from({ length: size }, (_, at) => [`${name} ${at}`, 9, at < 3 ? null : at]),
  });
  return {
    [preparedPaths.samples('ctr')]: samplesOf('ctr'),
    [preparedPaths.samples('follow')]: samplesOf('follow'),
    [preparedPaths.samples('level')]: samplesOf('level'),
    [preparedPaths.items]: attributes(['item', 'brand', 'tags'], world.items.item!.length),
    [preparedPaths.entities('shop')]: attributes(
      ['brand', 'style', 'tags'],
      world.entities.shop!.brand!.length,
    ),
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

/** The most frequent values first, `(other)` last; and what each sample is then. */
function frequent(values: readonly (string | null)[]) {
  const groups = [...groupBy(values, (value) => value)].map(([value, { length }]) => ({ value, length }));
  const order = (value: string | null) => (value === null ? '\uffff' : value);
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

const fieldValue = (field: string, index: number) => {
  if (index === 0) return '(missing)';
  return index <= 2 ? '(out of vocabulary)' : `${field} ${index}`;
};

/** What every task is sliced by, value by value. */
const ofRequest: Record<string, (request: WorldRequest) => string> = {
  behaviours: ({ end }) => bucketOf(Math.min(end, MAX_EVENTS), [0, 1, 2, 5, 10, 20, 50, 100]),
  user: userKind,
  hour: ({ time }) => `${Number(hourOf(time))}`,
  dayOfWeek: ({ time }) => dayOf(time).toLowerCase(),
  query: ({ query }) => bucketOf(query.length, [0, 1, 2, 3, 4]),
  'user.age': ({ fields }) => fieldValue('age', fields.age!),
  'user.device': ({ fields }) => fieldValue('device', fields.device!),
};

test.each(['ctr', 'follow', 'level'])(
  'the columns of the requests of %s are those worked out one by one',
  async (task) => {
    const { byColumn } = await codesOf(task);
    for (const [column, nameOf] of Object.entries(ofRequest)) {
      const expected = frequent(measured(task).map(({ of }) => nameOf(of)));
      expect(byColumn.get(column), column).toEqual(expected);
      if (task === 'ctr') expect(new Set(expected.ofSamples).size, column).toBeGreaterThan(2);
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
  for (const [task, judged, fields] of [
    ['ctr', 'item', ['brand']],
    ['follow', 'shop', ['brand', 'style']],
  ] as const) {
    const { byColumn, known } = await codesOf(task);
    const training = rows[task]!.filter(({ request }) => world.requests[request]!.split === 0);
    const times = groupBy(training, ({ candidate }) => candidate);
    const buckets = measured(task).map(({ candidate }) =>
      bucketOf(times.get(candidate)?.length ?? 0, [0, 1, 10, 100, 1000]),
    );
    expect(byColumn.get('candidate')).toEqual(frequent(buckets));
    if (task === 'ctr') expect(new Set(buckets)).toEqual(new Set(['0', '1-9', '10-99', '100-999']));
    for (const field of fields) {
      const expected = frequent(measured(task).map(({ item }) => text(field, item)));
      expect(byColumn.get(`${judged}.${field}`)).toEqual(expected);
    }
    // Neither the id nor fields of several values.
    expect(known.filter((column) => column.startsWith(`${judged}.`))).toEqual(
      fields.map((field) => `${judged}.${field}`),
    );
  }
  expect((await codesOf('level')).known).toEqual(Object.keys(ofRequest));
});

test('columns that are asked for are the only ones, in the order of all', async () => {
  const { known, byColumn } = await codesOf('ctr', { columns: ['price', 'hour', 'nothing'] });
  expect([...byColumn.keys()]).toEqual(['hour', 'price']);
  expect(known).toEqual([
    ...['behaviours', 'user', 'hour', 'dayOfWeek', 'query', ...KEPT],
    ...['user.age', 'user.device', 'candidate', 'item.brand'],
  ]);
  expect([...(await codesOf('ctr', { columns: [] })).byColumn.keys()]).toEqual([]);
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
    for (const { values } of codes.columns) expect(values).toEqual(['(other)']);
    codes.close();
    prepared.close();
  }
});

test('all that is left on disk are the codes', async () => {
  await codesOf('ctr');
  expect((await readdir(work)).filter((name) => !name.endsWith('.slices.u8'))).toEqual([]);
});
