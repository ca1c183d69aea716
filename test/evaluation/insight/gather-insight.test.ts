import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentContext } from '../../../src/common/context.js';
import { type BatchBuilder, createBatchBuilder } from '../../../src/dataset/batch-builder.js';
import { type BatchPlan, planBatches } from '../../../src/dataset/batch-plan.js';
import { openPrepared, type PreparedData } from '../../../src/dataset/prepared.js';
import { tf } from '../../../src/engine/tf.js';
import { gatherInsight } from '../../../src/evaluation/insight/gather-insight.js';
import type { BehaviourGroup, Insight, ShownHistory } from '../../../src/evaluation/insight/insight.js';
import { inspectBatch, type Question } from '../../../src/model/inspect.js';
import { type ScoredSamples, scoreBatches } from '../../../src/model/score-batches.js';
import type { ModelShape } from '../../../src/model/shape.js';
import { initialWeights, type ModelWeights } from '../../../src/model/weights.js';
import { makeWorld, windowOf } from '../../dataset/prepared-world.js';
import { writeNames } from '../../dataset/write-names.js';
import { writeWorld } from '../../dataset/write-world.js';
import { expectFinite } from '../expect-finite.js';
import { worldShape } from './world-shape.js';

const MAX_EVENTS = 12;

const made = makeWorld(5);
/** Moments that are days apart, each request a while after the last event of its history. */
const world = {
  ...made,
  segments: made.segments.map((users) =>
    users.map((events) => events.map((event) => ({ ...event, time: 1000 * event.time }))),
  ),
  requests: made.requests.map((request, at) => {
    const last = windowOf(made, request, 1)[0]?.time ?? 0;
    return { ...request, time: 1000 * last + ((at * 37) % 900) };
  }),
};
const shape = worldShape(world);
let folder: string;
let prepared: PreparedData;
let builder: BatchBuilder;
let weights: ModelWeights;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-insight-'));
  await writeWorld(folder, world);
  await writeNames(folder, world);
  prepared = openPrepared(folder);
  builder = createBatchBuilder(prepared);
  weights = initialWeights(shape, 3, 1);
});
afterAll(() => {
  weights.dispose();
  prepared.close();
});

/** As of an update: two parts. */
const plans = (['validation', 'evaluation'] as const).map(
  (split): BatchPlan => ({
    split,
    tasks: world.tasks,
    maxEvents: MAX_EVENTS,
    batchRequests: 16,
    shuffle: null,
  }),
);

async function gather(of: ModelWeights, seed = 1) {
  const insight = await gatherInsight(of, { preparedFolder: folder, plans, seed }, silentContext.progress);
  expectFinite(insight);
  return insight;
}

/** Indexes of the requests that an insight is from: it is from all of them, as they are few. */
const requests = world.requests.flatMap(({ split, end, samples }, request) =>
  split > 0 && end > 0 && world.tasks.some((task) => samples[task]!.length > 0) ? [request] : [],
);

/** What a request is asked with; `slotOf` gives the slot of an item. */
function questionOf(request: number, slotOf: (item: number) => number): Question {
  const { level, buy } = world.requests[request]!.samples;
  if (level!.length > 0) return { kind: 'text' };
  const asked = buy!.find(({ label }) => label > 0) ?? buy![0];
  return asked ? { kind: 'candidate', slot: slotOf(asked.item) } : { kind: 'none' };
}

/** Attention and gates of a history, each request in a batch of its own. */
function alone(of: ModelWeights, request: number) {
  const batch = builder.build(Int32Array.of(request), world.tasks, MAX_EVENTS);
  const question = questionOf(request, (item) => batch.items.itemRows.indexOf(item));
  return inspectBatch(of, batch, [question]);
}

/** The fields of the world have two out-of-vocabulary buckets each. */
const textOf = (field: string, index: number) =>
  index === 0 ? '(missing)' : index <= 2 ? '(out of vocabulary)' : `${field}-${index}`;

function ageOf(seconds: number): string {
  if (seconds < 60) return 'under 1 min';
  if (seconds < 600) return '1-10 min';
  if (seconds < 3600) return '10-60 min';
  if (seconds < 6 * 3600) return '1-6 h';
  if (seconds < 24 * 3600) return '6-24 h';
  if (seconds < 3 * 86_400) return '1-3 days';
  if (seconds < 7 * 86_400) return '3-7 days';
  return seconds < 28 * 86_400 ? '1-4 weeks' : 'over 4 weeks';
}

const placeOf = (place: number) =>
  place === 1 ? 'last' : place <= 3 ? `${place}` : place <= 5 ? '4-5' : place <= 10 ? '6-10' : '11-20';

interface Seen {
  readonly behavior: string;
  readonly hour: string;
  readonly age: string;
  readonly place: string;
  /** Attention, then the gates. */
  readonly numbers: readonly number[];
}

function everyBehaviour(of: ModelWeights): Seen[] {
  return requests.flatMap((index) => {
    const request = world.requests[index]!;
    const window = windowOf(world, request, MAX_EVENTS);
    const { attention, gates } = alone(of, index);
    return window.map(({ code, time }, step) => ({
      behavior: textOf('behavior', code % 6),
      hour: textOf('hour', Math.floor(code / 6)),
      age: ageOf(request.time - time),
      place: placeOf(window.length - step),
      numbers: [
        attention[step]! * window.length,
        ...(gates ? [gates.input[step]!, gates.forget[step]!, gates.output[step]!] : []),
      ],
    }));
  });
}

function expectGroup(group: BehaviourGroup, seen: readonly Seen[]): void {
  expect(group.behaviours).toBe(seen.length);
  const { attention, gates } = group;
  const means = seen[0]!.numbers.map(
    (_, at) => seen.reduce((sum, { numbers }) => sum + numbers[at]!, 0) / seen.length,
  );
  const got = [attention, ...(gates ? [gates.input, gates.forget, gates.output] : [])];
  expect(got.length).toBe(means.length);
  for (const [at, mean] of means.entries()) expect(got[at]).toBeCloseTo(mean, 4);
}

test.each<[string, Partial<ModelShape>]>([
  ['properties in gates and attention', {}],
  ['properties in the attention', { variant: 'bpatt' }],
  ['properties in the gates', { variant: 'bplstm' }],
  ['no properties', { variant: 'nobp' }],
  ['peepholes', { peepholes: true }],
  ['the mean', { encoder: 'mean' }],
])('groups are the means over the behaviours, one by one: %s', async (_, changes) => {
  const own = initialWeights({ ...shape, ...changes }, 3, 1);
  const insight = await gather(own);
  const seen = everyBehaviour(own);
  own.dispose();
  expect(insight.requests).toBe(requests.length);
  expect(insight.groups.map(({ by }) => by)).toEqual(['behavior', 'hour', 'age', 'place']);
  const [behavior, hour, age, place] = insight.groups.map(({ groups }) => groups);
  const whose = (key: 'behavior' | 'hour' | 'age' | 'place', value: string) =>
    seen.filter((one) => one[key] === value);

  for (const group of behavior!) expectGroup(group, whose('behavior', group.value));
  expect(new Set(behavior!.map(({ value }) => value))).toEqual(new Set(seen.map(({ behavior }) => behavior)));
  const counts = behavior!.map(({ behaviours }) => behaviours);
  expect(counts).toEqual([...counts].sort((a, b) => b - a));

  const [named, other] = [hour!.slice(0, 12), hour!.slice(12)];
  expect(other.map(({ value }) => value)).toEqual(['(other)']);
  for (const group of named) expectGroup(group, whose('hour', group.value));
  const shown = new Set(named.map(({ value }) => value));
  expectGroup(
    other[0]!,
    seen.filter(({ hour }) => !shown.has(hour)),
  );
  const least = Math.min(...named.map(({ behaviours }) => behaviours));
  for (const { hour } of seen) {
    if (!shown.has(hour)) expect(whose('hour', hour).length).toBeLessThanOrEqual(least);
  }

  for (const group of age!) expectGroup(group, whose('age', group.value));
  const ages = [30, 300, 3000, 10_000, 80_000, 200_000, 500_000, 2e6, 3e6].map(ageOf);
  expect(age!.map(({ value }) => value)).toEqual(
    ages.filter((value) => seen.some((one) => one.age === value)),
  );
  for (const group of place!) expectGroup(group, whose('place', group.value));
  expect(place!.map(({ value }) => value)).toEqual(['last', '2', '3', '4-5', '6-10', '11-20']);
});

async function allScores(): Promise<ScoredSamples[]> {
  async function* batches() {
    for (const plan of plans) yield* planBatches(prepared, builder, plan);
  }
  const scored: ScoredSamples[] = [];
  for await (const samples of scoreBatches(weights, batches())) scored.push(samples);
  return scored;
}

/** The probabilities of a request's samples by the scores of an evaluation, in the order of the samples. */
function expectedPredictions(request: number, scored: readonly ScoredSamples[]) {
  return world.tasks.flatMap((task) => {
    const own = scored.find((samples) => samples.task === task && samples.request.includes(request));
    if (!own) return [];
    const { outputs, logits, label } = own;
    const samples = world.requests[request]!.samples[task]!;
    const first = own.request.indexOf(request);
    const all = samples.map(({ item }, at) => {
      const row = [...logits.slice((first + at) * outputs, (first + at + 1) * outputs)];
      const odds = row.map((logit) => Math.exp(logit + (task === 'buy' ? Math.log(0.1) : 0)));
      const total = odds.reduce((a, b) => a + b, outputs === 1 ? 1 : 0);
      const candidate = item < 0 ? null : `${task === 'follow' ? 'shop' : 'item'}-${item}`;
      const chosen = outputs === 1 ? 0 : label[first + at]!;
      return { task, candidate, label: label[first + at]!, probability: odds[chosen]! / total };
    });
    const positive = task === 'level' ? -1 : all.findIndex(({ label }) => label > 0);
    const ordered = positive < 0 ? all : [all[positive]!, ...all.filter((_, at) => at !== positive)];
    return ordered.slice(0, 3);
  });
}

const withoutProbability = ({ predictions }: Pick<ShownHistory, 'predictions'>) =>
  predictions.map(({ task, candidate, label }) => ({ task, candidate, label }));

test('histories are those of the log, asked and scored as in an evaluation', async () => {
  const { histories } = await gather(weights);
  const scored = await allScores();
  expect(histories.length).toBe(6);
  expect(new Set(histories.map(({ userId }) => userId)).size).toBe(6);
  expect(new Set(histories.map(({ asked }) => asked.kind)).size).toBeGreaterThan(1);
  for (const history of histories) {
    const index = requests.find((at) => {
      const { user, time, samples } = world.requests[at]!;
      const labels = history.predictions.filter(({ task }) => task === 'ctr').length;
      const all = Math.min(3, samples.ctr!.length);
      return `u${user}` === history.userId && time === history.time && labels === all;
    })!;
    const request = world.requests[index]!;
    const window = windowOf(world, request, MAX_EVENTS).reverse();
    const { attention, gates } = alone(weights, index);

    const words = request.query.map((word) => textOf('word', word)).join(' ') || '(missing)';
    const question = questionOf(index, (item) => item);
    const asked = { none: '', text: words, candidate: 'slot' in question ? `item-${question.slot}` : '' };
    expect(history.asked).toEqual({ kind: question.kind, text: asked[question.kind] });

    expect(history.behaviours.length).toBe(window.length);
    expect(history.behaviours.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 5);
    for (const [at, { item, code, time }] of window.entries()) {
      const step = window.length - 1 - at;
      const { weight, gates: got, ...rest } = history.behaviours[at]!;
      expect(weight).toBeCloseTo(attention[step]!, 5);
      expect(got!.input).toBeCloseTo(gates!.input[step]!, 5);
      expect(got!.forget).toBeCloseTo(gates!.forget[step]!, 5);
      expect(got!.output).toBeCloseTo(gates!.output[step]!, 5);
      const attributeText = (field: string) =>
        [world.items[field]![item]!]
          .flat()
          .map((index) => textOf(field, index))
          .join(', ') || '(missing)';
      expect(rest).toEqual({
        time,
        ageSeconds: request.time - time,
        itemId: `item-${item}`,
        item: { item: attributeText('item'), brand: attributeText('brand'), tags: attributeText('tags') },
        properties: {
          behavior: textOf('behavior', code % 6),
          hour: textOf('hour', Math.floor(code / 6)),
        },
      });
    }

    const expected = expectedPredictions(index, scored);
    expect(withoutProbability(history)).toEqual(withoutProbability({ predictions: expected }));
    for (const [at, { probability }] of history.predictions.entries()) {
      expect(probability).toBeCloseTo(expected[at]!.probability, 5);
    }
  }
});

test('the weights of ranking features are over the requests with samples to rank', async () => {
  const { featureWeights } = await gather(weights);
  expect(Object.keys(featureWeights)).toEqual(['order']);
  const ranked = requests.filter((request) => world.requests[request]!.samples.order!.length > 0);
  const rows = ranked.map((request) => [...alone(weights, request).featureWeights.order!]);
  for (const { feature, mean, low, high } of featureWeights.order!) {
    const at = ['constant', 'price', 'sales'].indexOf(feature);
    const values = rows.map((row) => row[at]!).sort((a, b) => a - b);
    expect(mean).toBeCloseTo(values.reduce((a, b) => a + b) / values.length, 4);
    expect(values.filter((value) => value < low).length / values.length).toBeCloseTo(0.1, 1);
    expect(values.filter((value) => value > high).length / values.length).toBeCloseTo(0.1, 1);
  }
});

test('the same seed gives the same insight, another one other histories, and no tensor is left behind', async () => {
  const before = tf.memory().numTensors;
  const insight = await gather(weights);
  expect(tf.memory().numTensors).toBe(before);
  expect(await gather(weights)).toEqual(insight);
  const users = ({ histories }: Insight) => histories.map(({ userId, time }) => `${userId} ${time}`);
  expect(users(await gather(weights, 2))).not.toEqual(users(insight));
});

test('without a history there is nothing to see', async () => {
  const empty = await mkdtemp(join(tmpdir(), 'dupn-insight-'));
  const bare = { ...world, requests: world.requests.map((request) => ({ ...request, end: 0 })) };
  await writeWorld(empty, bare);
  await writeNames(empty, bare);
  const insight = await gatherInsight(
    weights,
    { preparedFolder: empty, plans, seed: 1 },
    silentContext.progress,
  );
  expect(insight).toEqual({
    requests: 0,
    groups: ['behavior', 'hour', 'age', 'place'].map((by) => ({ by, groups: [] })),
    histories: [],
    featureWeights: {},
  });
});
