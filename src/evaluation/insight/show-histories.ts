/** The histories of some requests as text, with their attention and with what the model predicts. */
import { mapValues } from '../../common/map-values.js';
import type { Batch } from '../../dataset/batch.js';
import type { Names } from '../../dataset/names.js';
import type { PreparedData } from '../../dataset/prepared.js';
import { showWindow } from '../../dataset/show-window.js';
import { describer, indexesOf, type ShownValue, valueText } from '../../dataset/shown-value.js';
import { inspectBatch, type Question } from '../../model/inspect.js';
import { probabilities } from '../../model/probabilities.js';
import { type ScoredSamples, scoreBatches } from '../../model/score-batches.js';
import type { ModelWeights } from '../../model/weights.js';
import { gatesAt } from './gates-at.js';
import type { ShownHistory } from './insight.js';
import { questionsOf } from './questions.js';

/** Samples that are shown of each task. */
const MOST_SAMPLES = 3;

/** What the texts of the histories are looked up in. */
interface Texts {
  readonly prepared: PreparedData;
  readonly names: Names;
}

/** Of each request of a batch with all of its samples. */
export async function showHistories(
  weights: ModelWeights,
  batch: Batch,
  maxEvents: number,
  texts: Texts,
): Promise<ShownHistory[]> {
  const { prepared, names } = texts;
  const { user, time, end } = prepared.requests;
  const questions = questionsOf(weights.shape, batch);
  const { attention, gates } = inspectBatch(weights, batch, questions);
  const scored: ScoredSamples[] = [];
  for await (const samples of scoreBatches(weights, only(batch))) scored.push(samples);
  const users = [...batch.requests].map((request) => user.at(request));
  const userIds = await names.userIds(users);
  const histories: ShownHistory[] = [];
  for (const [row, request] of batch.requests.entries()) {
    const at = time.at(request);
    const window = await showWindow(prepared, names, users[row]!, end.at(request), maxEvents, at);
    const behaviours = window.map(({ itemId, item, properties, ageSeconds, ...event }, step) => {
      const place = row * batch.steps + step;
      return {
        time: event.time,
        ageSeconds,
        itemId,
        item: mapValues(item, textOf),
        properties: mapValues(properties, valueText),
        weight: attention[place]!,
        gates: gates && gatesAt(gates, place),
      };
    });
    histories.push({
      userId: userIds.get(users[row]!) ?? '',
      time: at,
      asked: await describeQuestion(questions[row]!, request, batch, texts),
      predictions: await predictionsOf(request, scored, weights, texts),
      behaviours: behaviours.reverse(),
    });
  }
  return histories;
}

async function* only(batch: Batch): AsyncGenerator<Batch> {
  yield batch;
}

const textOf = (values: readonly ShownValue[]): string =>
  values.length === 0 ? '(missing)' : values.map(valueText).join(', ');

async function describeQuestion(
  question: Question,
  request: number,
  batch: Batch,
  { prepared, names }: Texts,
): Promise<ShownHistory['asked']> {
  switch (question.kind) {
    case 'none':
      return { kind: 'none', text: '' };
    case 'text': {
      const words = indexesOf(prepared.requests.query!, request);
      const show = await describer(names, 'query', prepared.manifest.fields.query!, words);
      return { kind: 'text', text: words.map((word) => valueText(show(word))).join(' ') || '(missing)' };
    }
    case 'candidate': {
      const row = batch.items.itemRows[question.slot]!;
      return { kind: 'candidate', text: (await names.itemIds([row])).get(row) ?? '' };
    }
  }
}

/** Of each task the first positive sample, then the others in their order. */
async function predictionsOf(
  request: number,
  scored: readonly ScoredSamples[],
  { shape }: ModelWeights,
  texts: Texts,
): Promise<ShownHistory['predictions']> {
  const predictions: ShownHistory['predictions'][number][] = [];
  for (const { task, logits, outputs, label, request: requests, sample } of scored) {
    const { kind, drawCorrection } = shape.tasks[task]!;
    const likely = probabilities(logits, outputs, drawCorrection ?? 0);
    const all = [...requests.keys()].filter((at) => requests[at] === request);
    const positive = kind === 'multiclass' ? undefined : all.find((at) => label[at]! > 0);
    const others = all.filter((at) => at !== positive);
    const shown = (positive === undefined ? others : [positive, ...others]).slice(0, MOST_SAMPLES);
    const candidates = await candidateIds(
      task,
      shown.map((at) => sample[at]!),
      texts,
    );
    for (const [place, at] of shown.entries()) {
      const output = kind === 'multiclass' ? at * outputs + label[at]! : at;
      predictions.push({
        task,
        candidate: candidates[place]!,
        label: label[at]!,
        probability: likely[output]!,
      });
    }
  }
  return predictions;
}

/** What the samples of a task judge; null of a task about the user alone. */
async function candidateIds(
  task: string,
  samples: readonly number[],
  { prepared, names }: Texts,
): Promise<(string | null)[]> {
  const { candidate } = prepared.manifest.tasks[task]!;
  if (candidate === null) return samples.map(() => null);
  const rows = samples.map((sample) => prepared.tasks[task]!.candidate!.at(sample));
  const ids = candidate === 'item' ? await names.itemIds(rows) : await names.entityIds(candidate, rows);
  return rows.map((row) => ids.get(row) ?? '');
}
