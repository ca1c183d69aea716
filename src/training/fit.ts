/**
 * Training from a config and prepared data to the best weights: steps, validations on the held-out part of the
 * training period, checkpoints, early stopping. The evaluation part is read for the curve of a transfer only, and decides
 * nothing.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { activeTasks } from '../common/active-tasks.js';
import { UserError } from '../common/errors.js';
import { mapValues } from '../common/map-values.js';
import type { Manifest, Split } from '../common/prepared.js';
import type { Config } from '../config/schema.js';
import type { BatchPlan } from '../dataset/batch-plan.js';
import { BatchSource } from '../dataset/batch-source.js';
import { saveCheckpoint } from '../model/checkpoint.js';
import { countParameters, uncertaintyName } from '../model/parameters.js';
import type { ModelWeights } from '../model/weights.js';
import { warnOfStatistics } from './biased-statistics.js';
import { layerRates } from './layer-rates.js';
import { type MetricsFile, openMetricsFile } from './metrics-file.js';
import type { Optimizer } from './optimizer.js';
import { runPaths } from './run-folder.js';
import { type StartInput, type StartRecord, startOrGoOn } from './start.js';
import { stepOptions } from './step-options.js';
import { meanRecord } from './step-records.js';
import { type StepOptions, type StepRecord, trainSteps } from './steps.js';
import { type StoredRepresentations, storeRepresentations } from './stored-representations.js';
import { afterValidation, isFinished, type StopRule, type TrainingState } from './training-state.js';
import { type Validation, validate } from './validation.js';

export interface FitInput extends StartInput {
  /** What a task is transferred by; null or left out for training as the config says. */
  readonly transfer?: TransferOptions | null;
}

/** One task is what counts, and the weights of an earlier run may be kept as they are. */
export interface TransferOptions {
  /** Decides what is best on the validation part, and is measured on the evaluation part as well: the curve. */
  readonly task: string;
  /** Share of its training requests whose samples are read. */
  readonly share: number;
  /** Where the representations of requests are kept, which are worked out once; null where they are learned. */
  readonly storeIn: string | null;
}

export interface FitResult {
  readonly state: TrainingState;
  /** Of this session. */
  readonly samplesPerSecond: number;
  /** Share of the time of the steps that went into waiting for batches, of this session. */
  readonly waitingShare: number;
  readonly parameters: { readonly dense: number; readonly tables: number };
}

/** Steps whose mean makes one record of metrics.jsonl. */
const STEPS_PER_RECORD = 20;

/** Training goes on from the last checkpoint of the run where it has one. */
export async function fit(input: FitInput): Promise<FitResult> {
  const { config, runFolder, context, transfer = null } = input;
  const { weights, optimizer, state, record } = await startOrGoOn(input);
  const source = new BatchSource(input.preparedFolder);
  let stored: StoredRepresentations | null = null;
  try {
    const metrics = await openMetricsFile(join(runFolder, runPaths.metrics), state.metricsBytes);
    warnOfStatistics(config, context.logger);
    warnOfUntrained(input);
    const startMs = performance.now();
    if (transfer?.storeIn && record) stored = await store(weights, record, source, input, transfer);
    const seconds = state.seconds + (performance.now() - startMs) / 1000;
    const plans = plansOf(config, transfer, stored !== null);
    const training = await source.measure(plans.training(state));
    if (training.batches === 0) throw nothingToTrain(config);
    const validation = await source.measure(plans.validation);
    const rule: StopRule = { ...config.train, batches: training.batches };
    const rateOf =
      record?.layers &&
      layerRates(record.layers, {
        names: [...weights.dense.keys(), ...weights.tables.keys()],
        copied: new Set(record.copied),
        batches: training.batches,
      });
    const options: StepOptions = {
      ...stepOptions(config),
      ...(rateOf && { rateOf }),
      ...(stored && { stored: stored.read }),
    };
    const parts = { weights, optimizer, source, metrics, rule, validation, plans, options };
    const session = new Session(input, parts, { ...state, seconds });
    await session.begin();
    while (!isFinished(session.state, rule)) await session.epoch(training.requests);
    return session.result();
  } finally {
    stored?.close();
    optimizer.dispose();
    weights.dispose();
    await source.close();
  }
}

/** The representations that the task of a transfer reads. */
async function store(
  weights: ModelWeights,
  record: StartRecord,
  source: BatchSource,
  { config, manifest, context }: FitInput,
  { task, storeIn }: TransferOptions,
): Promise<StoredRepresentations> {
  const { query } = weights.shape.tasks[task]!;
  if (query === 'candidate') throw new Error('a representation that depends on the candidate cannot be kept');
  const { train, model } = config;
  const plan = { tasks: [task], maxEvents: model.maxEvents, batchRequests: train.batchRequests };
  const key = { weights: record.weights, prepared: preparedKey(manifest) };
  return storeRepresentations(weights, source, { folder: storeIn!, key, query, plan }, context);
}

/** Tells prepared data apart that differs in a file. */
const preparedKey = ({ files }: Manifest): string =>
  createHash('sha256')
    .update(
      Object.values(files)
        .map(({ sha256 }) => sha256)
        .join(),
    )
    .digest('hex');

interface Plans {
  training(state: Pick<TrainingState, 'epoch' | 'batch'>): BatchPlan;
  readonly validation: BatchPlan;
  /** Of the curve of a transfer; null where nothing is measured but the validation part. */
  readonly evaluation: BatchPlan | null;
}

/** Stored representations need no histories. */
function plansOf(config: Config, transfer: TransferOptions | null, isStored: boolean): Plans {
  const { seed } = config.train;
  const length = isStored ? { maxEvents: 0 } : {};
  const judged = transfer ? { tasks: [transfer.task] } : {};
  const limit = transfer && { limit: { task: transfer.task, share: transfer.share, seed } };
  return {
    training: ({ epoch, batch }) => ({
      ...planFor(config, 'training', { seed, epoch }),
      ...length,
      ...limit,
      firstBatch: batch,
    }),
    validation: { ...planFor(config, 'validation', null), ...length, ...judged },
    evaluation: transfer && { ...planFor(config, 'evaluation', null), ...length, ...judged },
  };
}

function nothingToTrain(config: Config): UserError {
  const tasks = Object.keys(activeTasks(config)).join(', ');
  return new UserError(
    `Cannot train: required a training sample of one of the tasks (${tasks}), got none; ` +
      'do split and trainFrom leave any? (dupn preprocess counts the samples of each part)',
  );
}

/** Tasks whose tower stays as it starts. */
function warnOfUntrained({ config, manifest, context }: StartInput): void {
  for (const task of Object.keys(activeTasks(config))) {
    const counts = Object.values(manifest.tasks[task]!.counts.training);
    if (counts.some((count) => count > 0)) continue;
    context.logger.warn({ task }, 'no training samples: what the model says for this task is random');
  }
}

/** `factor[task]` = exp(-s) of learned uncertainties, by which the losses are weighed at this moment. */
function learnedFactors(weights: ModelWeights): Record<string, number> {
  const factors = Object.keys(weights.shape.tasks).flatMap((task) => {
    const uncertainty = weights.dense.get(uncertaintyName(task));
    return uncertainty ? [[`factor[${task}]`, Math.exp(-uncertainty.readRows(0, 1)[0]!)]] : [];
  });
  return Object.fromEntries(factors) as Record<string, number>;
}

/** One pass over a part of the split for the tasks of this config. */
export function planFor(config: Config, split: Split, shuffle: BatchPlan['shuffle']): BatchPlan {
  return {
    split,
    tasks: Object.keys(activeTasks(config)),
    maxEvents: config.model.maxEvents,
    batchRequests: config.train.batchRequests,
    shuffle,
  };
}

/** The numbers of batches of an epoch after which the validation part is measured; the last one ends the epoch. */
export function validationPoints(batches: number, perEpoch: number): ReadonlySet<number> {
  return new Set(Array.from({ length: perEpoch }, (_, k) => Math.ceil((batches * (k + 1)) / perEpoch)));
}

const summed = (a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>) => ({
  ...a,
  ...mapValues(b, (value, key) => (a[key] ?? 0) + value),
});

interface Parts {
  readonly weights: ModelWeights;
  readonly optimizer: Optimizer;
  readonly source: BatchSource;
  readonly metrics: MetricsFile;
  readonly rule: StopRule;
  readonly validation: { readonly requests: number };
  readonly plans: Plans;
  readonly options: StepOptions;
}

/** One session of training: the state that moves, and what it works with. */
class Session {
  #samples = 0;
  #stepMs = 0;
  readonly #points: ReadonlySet<number>;

  constructor(
    private readonly input: FitInput,
    private readonly parts: Parts,
    public state: TrainingState,
  ) {
    this.#points = validationPoints(parts.rule.batches, input.config.train.validationsPerEpoch);
  }

  /** Before the first step: where the curve of a transfer starts. */
  async begin(): Promise<void> {
    if (this.state.step === 0) await this.#measureCurve();
  }

  /** Trains to the end of the running epoch, or to where training is finished. */
  async epoch(requests: number): Promise<void> {
    const { config, context } = this.input;
    const { weights, optimizer, source, metrics, plans, options } = this.parts;
    const { epochs, batchRequests } = config.train;
    const { epoch, batch } = this.state;
    const bar = context.progress.start(`epoch ${epoch + 1}/${epochs}`, requests);
    const batches = source.batches(plans.training(this.state));
    const records = trainSteps(weights, optimizer, batches, this.state.step + 1, options);
    let window: StepRecord[] = [];
    let done = batch * batchRequests;
    let startMs = performance.now();
    try {
      for await (const record of records) {
        this.#count(record, performance.now() - startMs);
        window.push(record);
        done += record.requests;
        const atPoint = this.#points.has(this.state.batch);
        if (window.length === STEPS_PER_RECORD || atPoint) {
          const mean = meanRecord(window);
          metrics.add({ type: 'train', epoch, ...mean });
          bar.update(done, { loss: mean.loss.toFixed(4), 'samples/s': this.#samplesPerSecond() });
          window = [];
        }
        if (atPoint) await this.#validate();
        if (isFinished(this.state, this.parts.rule) || this.state.epoch > epoch) break;
        startMs = performance.now();
      }
    } finally {
      bar.stop();
    }
  }

  #count(record: StepRecord, elapsedMs: number): void {
    this.#samples += record.samples;
    this.#stepMs += elapsedMs;
    this.state = {
      ...this.state,
      step: record.step,
      batch: this.state.batch + 1,
      seconds: this.state.seconds + elapsedMs / 1000,
      samplesByTask: summed(this.state.samplesByTask, record.samplesByTask),
    };
  }

  /** Measures the validation part, and saves where training stands. */
  async #validate(): Promise<void> {
    const { runFolder, context } = this.input;
    const { weights, optimizer, metrics, rule, validation, plans } = this.parts;
    const startMs = performance.now();
    const measured: Validation =
      validation.requests > 0 ? await this.#measure(plans.validation) : { metrics: {}, score: null };
    const { step, epoch, batch } = this.state;
    metrics.add({ type: 'validation', step, epoch, ...measured.metrics, ...learnedFactors(weights) });
    const seconds = this.state.seconds + (performance.now() - startMs) / 1000;
    this.state = { ...this.state, seconds };
    await this.#measureCurve();
    await metrics.flush();
    this.state = { ...afterValidation(this.state, measured.score, rule), metricsBytes: metrics.bytes };
    const isBest = this.state.best?.step === step;
    if (isBest) await saveCheckpoint(join(runFolder, runPaths.best), weights, optimizer.slots, this.state);
    await saveCheckpoint(join(runFolder, runPaths.last), weights, optimizer.slots, this.state);
    const epochs = (epoch + batch / rule.batches).toFixed(2);
    context.logger.info({ step, epochs, best: isBest, ...measured.metrics }, 'validation');
  }

  #measure(plan: BatchPlan): Promise<Validation> {
    const { weights, source, options } = this.parts;
    return validate(weights, source.batches(plan), options.stored);
  }

  /** A point of the curve of a transfer, whose time is not that of training. */
  async #measureCurve(): Promise<void> {
    const { transfer } = this.input;
    const { metrics, plans } = this.parts;
    if (!transfer || !plans.evaluation) return;
    const { step, seconds, samplesByTask } = this.state;
    const { score } = await this.#measure(plans.evaluation);
    metrics.add({ type: 'curve', step, samples: samplesByTask[transfer.task] ?? 0, seconds, auc: score });
  }

  #samplesPerSecond(): number {
    return Math.round((this.#samples / Math.max(1, this.#stepMs)) * 1000);
  }

  result(): FitResult {
    const { source, weights } = this.parts;
    return {
      state: this.state,
      samplesPerSecond: this.#samplesPerSecond(),
      waitingShare: this.#stepMs > 0 ? source.waitedMs / this.#stepMs : 0,
      parameters: countParameters(weights.shape),
    };
  }
}
