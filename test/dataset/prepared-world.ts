/** A small random log as plain objects, and a prepared folder written straight from it: no preprocessing needed. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  type FieldManifest,
  type Manifest,
  PREPARED_FORMAT,
  preparedPaths,
  SPLITS,
} from '../../src/common/prepared.js';
import { createRandom } from '../../src/dataset/random-stub.js';

export interface WorldEvent {
  readonly item: number;
  readonly code: number;
  readonly time: number;
}

export interface WorldSample {
  readonly item: number;
  readonly label: number;
  readonly weight: number;
}

export interface WorldRequest {
  readonly user: number;
  readonly time: number;
  /** Number of the user's events strictly before. */
  readonly end: number;
  /** Position in SPLITS. */
  readonly split: number;
  readonly fields: Readonly<Record<string, number>>;
  readonly samples: Readonly<Record<string, readonly WorldSample[]>>;
}

export interface World {
  /** Item field -> index of each item row; of a multi-valued field, a list. */
  readonly items: Readonly<Record<string, readonly (number | readonly number[])[]>>;
  readonly fields: Manifest['fields'];
  readonly tasks: readonly string[];
  /** segment -> user -> events; a later segment knows more users. */
  readonly segments: readonly (readonly (readonly WorldEvent[])[])[];
  readonly requests: readonly WorldRequest[];
}

export interface WorldSize {
  readonly items: number;
  readonly users: number;
  readonly segments: number;
  readonly requests: number;
  readonly meanEvents: number;
  readonly samples: number;
}

export const SMALL_WORLD: WorldSize = {
  items: 60,
  users: 40,
  segments: 3,
  requests: 700,
  meanEvents: 12,
  samples: 3,
};

const field = (name: string, rows: number, multiValued = false): FieldManifest => ({
  name,
  rows,
  buckets: 2,
  values: rows - 3,
  multiValued,
  vocabularyHash: '',
});

/**
 * Some items have no tag, every fifth user has no event, the last users are unknown to the first segment, and some
 * requests have no sample of one task or of both.
 */
export function makeWorld(seed: number, size: WorldSize = SMALL_WORLD): World {
  const { uniform } = createRandom(seed);
  const integer = (below: number) => Math.floor(uniform() * below);
  const list = <T>(length: number, make: (index: number) => T) => Array.from({ length }, (_, i) => make(i));
  const fields: Manifest['fields'] = {
    item: [field('item', size.items + 3), field('brand', 9), field('tags', 20, true)],
    properties: [
      { ...field('behavior', 6), stride: 1 },
      { ...field('hour', 27), stride: 6 },
    ],
    user: [field('age', 11), field('device', 5)],
  };
  const items = {
    item: list(size.items, () => integer(size.items + 3)),
    brand: list(size.items, () => integer(9)),
    tags: list(size.items, (row) => (row % 4 === 0 ? [] : list(1 + integer(4), () => integer(20)))),
  };
  const segments = list(size.segments, (segment) => {
    const known = segment === 0 ? size.users - 5 : size.users;
    return list(known, (user) => {
      const count = user % 5 === 0 ? 0 : integer((2 * size.meanEvents) / size.segments + 1);
      const times = list(count, () => 1000 * segment + integer(1000)).sort((a, b) => a - b);
      return times.map((time) => ({ item: integer(size.items), code: integer(6 * 27), time }));
    });
  });
  const sample = () => ({ item: integer(size.items), label: integer(2), weight: 1 + integer(4) / 4 });
  const requests = list(size.requests, () => {
    const user = integer(size.users);
    const total = segments.reduce((sum, users) => sum + (users[user]?.length ?? 0), 0);
    return {
      user,
      time: integer(1000 * size.segments),
      end: integer(total + 1),
      split: uniform() < 0.7 ? 0 : 1 + integer(2),
      fields: { age: integer(11), device: integer(5) },
      samples: {
        ctr: list(integer(2 * size.samples + 1), sample),
        buy: list(uniform() < 0.6 ? 0 : 1, sample),
      },
    };
  }).sort((a, b) => a.split - b.split);
  return { items, fields, tasks: ['ctr', 'buy'], segments, requests };
}

/** The events of a user before a request, the latest `maxEvents`: by the definition, no offsets involved. */
export function windowOf(world: World, request: WorldRequest, maxEvents: number): WorldEvent[] {
  const events = world.segments.flatMap((users) => users[request.user] ?? []);
  return events.slice(0, request.end).slice(-maxEvents);
}

/** Writes the raw files and the manifest; the Parquet files are left out. */
export async function writeWorld(folder: string, world: World): Promise<void> {
  const files: Record<string, { bytes: number; sha256: string }> = {};
  async function write(path: string, array: ArrayBufferView): Promise<void> {
    files[path] = { bytes: array.byteLength, sha256: '' };
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  }
  const offsets = (counts: readonly number[]) => {
    const sums = new Int32Array(counts.length + 1);
    for (const [i, count] of counts.entries()) sums[i + 1] = sums[i]! + count;
    return sums;
  };

  for (const { name, multiValued } of world.fields.item) {
    const values = world.items[name]!;
    await write(preparedPaths.itemField(name), Int32Array.from(values.flat()));
    if (multiValued) {
      const counts = (values as readonly (readonly number[])[]).map((list) => list.length);
      await write(preparedPaths.itemFieldOffsets(name), offsets(counts));
    }
  }
  const names = world.segments.map((_, i) => `segment-${i}`);
  for (const [i, users] of world.segments.entries()) {
    const events = users.flat();
    await write(preparedPaths.streamOffsets(names[i]!), offsets(users.map((list) => list.length)));
    await write(
      preparedPaths.streamItems(names[i]!),
      Int32Array.from(events, ({ item }) => item),
    );
    await write(
      preparedPaths.streamProperties(names[i]!),
      Uint16Array.from(events, ({ code }) => code),
    );
    await write(
      preparedPaths.streamTimes(names[i]!),
      Uint32Array.from(events, ({ time }) => time),
    );
  }
  const { requests } = world;
  await write(
    preparedPaths.requestUser,
    Int32Array.from(requests, ({ user }) => user),
  );
  await write(
    preparedPaths.requestTime,
    Uint32Array.from(requests, ({ time }) => time),
  );
  await write(
    preparedPaths.requestEnd,
    Int32Array.from(requests, ({ end }) => end),
  );
  await write(
    preparedPaths.requestSplit,
    Uint8Array.from(requests, ({ split }) => split),
  );
  for (const { name } of world.fields.user) {
    await write(
      preparedPaths.requestUserField(name),
      Int32Array.from(requests, ({ fields }) => fields[name]!),
    );
  }
  for (const task of world.tasks) {
    const samples = requests.flatMap((request) => request.samples[task]!);
    const counts = requests.map((request) => request.samples[task]!.length);
    await write(preparedPaths.sampleOffsets(task), offsets(counts));
    await write(
      preparedPaths.sampleCandidates(task),
      Int32Array.from(samples, ({ item }) => item),
    );
    await write(
      preparedPaths.sampleLabels(task),
      Float32Array.from(samples, ({ label }) => label),
    );
    await write(
      preparedPaths.sampleWeights(task),
      Float32Array.from(samples, ({ weight }) => weight),
    );
  }
  await writeFile(join(folder, preparedPaths.manifest), JSON.stringify(manifestOf(world, names, files)));
}

function manifestOf(world: World, segments: string[], files: Manifest['files']): Manifest {
  const inSplit = (split: number) => world.requests.filter((request) => request.split === split);
  const counts = (task: string, split: number) => {
    const labels = inSplit(split).flatMap((request) => request.samples[task]!.map(({ label }) => label));
    return {
      0: labels.filter((label) => label === 0).length,
      1: labels.filter((label) => label === 1).length,
    };
  };
  const bySplit = <T>(value: (split: number) => T) =>
    Object.fromEntries(SPLITS.map((name, split) => [name, value(split)])) as Record<
      (typeof SPLITS)[number],
      T
    >;
  const events = world.segments.flat(2);
  return {
    format: PREPARED_FORMAT,
    name: 'world',
    configHash: '',
    config: {},
    inputs: [],
    rows: {},
    users: Math.max(...world.segments.map((users) => users.length)),
    events: events.length,
    items: Object.values(world.items)[0]!.length,
    requests: world.requests.length,
    requestsBySplit: bySplit((split) => inSplit(split).length),
    firstEvent: '1970-01-01T00:00:00Z',
    lastEvent: new Date(1000 * Math.max(0, ...events.map(({ time }) => time))).toISOString(),
    evaluationFrom: '1970-01-02T00:00:00Z',
    evaluationTo: null,
    fields: world.fields,
    tasks: Object.fromEntries(
      world.tasks.map((task) => [
        task,
        {
          kind: 'binary' as const,
          samples: world.requests.reduce((sum, request) => sum + request.samples[task]!.length, 0),
          counts: bySplit((split) => counts(task, split)),
        },
      ]),
    ),
    segments,
    files,
  };
}
