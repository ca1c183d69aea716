/** A prepared folder written straight from a world: no preprocessing needed. */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  type Manifest,
  PREPARED_FORMAT,
  preparedPaths,
  SPLITS,
  type TaskKind,
} from '../../src/common/prepared.js';
import type { World } from './prepared-world.js';

/** Writes the raw files and the manifest; the Parquet files are left out. */
export async function writeWorld(folder: string, world: World): Promise<void> {
  const files: Record<string, { bytes: number; sha256: string }> = {};
  async function write(path: string, array: ArrayBufferView): Promise<void> {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    files[path] = { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
  const offsets = (counts: readonly number[]) => {
    const sums = new Int32Array(counts.length + 1);
    for (const [i, count] of counts.entries()) sums[i + 1] = sums[i]! + count;
    return sums;
  };

  const counts = (lists: readonly (number | readonly number[])[]) =>
    offsets((lists as readonly (readonly number[])[]).map((list) => list.length));
  for (const { name, multiValued } of world.fields.item) {
    const values = world.items[name]!;
    await write(preparedPaths.itemField(name), Int32Array.from(values.flat()));
    if (multiValued) await write(preparedPaths.itemFieldOffsets(name), counts(values));
  }
  for (const [entity, fields] of Object.entries(world.entityFields)) {
    for (const { name, multiValued } of fields) {
      const values = world.entities[entity]![name]!;
      await write(preparedPaths.entityField(entity, name), Int32Array.from(values.flat()));
      if (multiValued) await write(preparedPaths.entityFieldOffsets(entity, name), counts(values));
    }
  }
  for (const [of, { rows }] of Object.entries(world.numbers)) {
    const path = of === 'item' ? preparedPaths.itemNumbers : preparedPaths.entityNumbers(of);
    await write(path, Float32Array.from(rows.flat()));
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
  if (world.fields.query) {
    const queries = requests.map(({ query }) => query);
    await write(preparedPaths.requestQuery, Int32Array.from(queries.flat()));
    await write(preparedPaths.requestQueryOffsets, counts(queries));
  }
  for (const task of world.tasks) {
    const samples = requests.flatMap((request) => request.samples[task]!);
    const counts = requests.map((request) => request.samples[task]!.length);
    await write(preparedPaths.sampleOffsets(task), offsets(counts));
    if (!(task in world.classes)) {
      await write(
        preparedPaths.sampleCandidates(task),
        Int32Array.from(samples, ({ item }) => item),
      );
    }
    if (featuresOf(world, task).length > 0) {
      const values = samples.flatMap(({ features }) => features!);
      await write(preparedPaths.sampleFeatures(task), Float32Array.from(values));
    }
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
    const known = Array.from({ length: world.classes[task] ?? 2 }, (_, label) => label);
    return Object.fromEntries(
      known.map((label) => [label, labels.filter((value) => value === label).length]),
    );
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
    fields: { ...world.fields, itemNumbers: numbersOf(world, 'item') },
    entities: Object.fromEntries(
      Object.entries(world.entityFields).map(([entity, fields]) => [
        entity,
        {
          rows: Object.values(world.entities[entity]!)[0]!.length,
          fields,
          numbers: numbersOf(world, entity),
        },
      ]),
    ),
    tasks: Object.fromEntries(
      world.tasks.map((task) => [
        task,
        {
          kind: kindOf(world, task),
          features: featuresOf(world, task),
          candidate: task in world.classes ? null : (world.judges[task] ?? 'item'),
          classes: world.classes[task] ?? 2,
          samples: world.requests.reduce((sum, request) => sum + request.samples[task]!.length, 0),
          counts: bySplit((split) => counts(task, split)),
        },
      ]),
    ),
    segments,
    files,
  };
}

const numbersOf = ({ numbers }: World, of: string) =>
  (numbers[of]?.names ?? []).map((name) => ({ name, mean: 0, deviation: 1 }));

const featuresOf = ({ ranking, reads }: World, task: string) => ranking[task] ?? reads?.[task] ?? [];

function kindOf({ classes, ranking }: World, task: string): TaskKind {
  if (task in classes) return 'multiclass';
  return task in ranking ? 'rank' : 'binary';
}
