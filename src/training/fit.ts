/**
 * Training from a config and prepared data to the best weights: steps, validations on the held-out part of the
 * training period, checkpoints, early stopping. Never reads the evaluation part.
 */
import { join } from 'node:path';
import { activeTasks } from '../common/active-tasks.js';
import { UserError } from '../common/errors.js';
import type { Split } from '../common/prepared.js';
import type { Config } from '../config/schema.js';
import type { BatchPlan } from '../dataset/batch-plan.js';
import { BatchSource } from '../dataset/batch-source.js';
import { saveCheckpoint } from '../model/checkpoint.js';
import { countParameters, uncertaintyName } from '../model/parameters.js';
import type { ModelWeights } from '../model/weights.js';
import { warnOfStatistics } from './biased-statistics.js';
import { type MetricsFile, openMetricsFile } from './metrics-file.js';
import type { Optimizer } from './optimizer.js';
import { runPaths } from './run-folder.js';
import { type StartInput, startOrGoOn } from './start.js';
import { stepOptions } from './step-options.js';
import { meanRecord } from './step-records.js';
import { type StepRecord, trainSteps } from './steps.js';
import { afterValidation, isFinished, type StopRule, type TrainingState } from './training-state.js';
import { type Validation, validate } from './validation.js';

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
export async function fit(input: StartInput): Promise<FitResult> {
  const { config, runFolder } = input;
  const { weights, optimizer, state } = await startOrGoOn(input);
  const source = new BatchSource(input.preparedFolder);
  try {
    const metrics = await openMetricsFile(join(runFolder, runPaths.metrics), state.metricsBytes);
    warnOfStatistics(config, input.context.logger);
    warnOfUntrained(input);
    const training = await source.measure(planFor(config, 'training', null));
    if (training.batches === 0) throw nothingToTrain(config);
    const validation = await source.measure(planFor(config, 'validation', null));
    const rule: StopRule = { ...config.train, batches: training.batches };
    const session = new Session(input, { weights, optimizer, source, metrics, rule, validation }, state);
    while (!isFinished(session.state, rule)) await session.epoch(training.requests);
    return session.result();
  } finally {
    optimizer.dispose();
    weights.dispose();
    await source.close();
  }
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

interface Parts {
  readonly weights: ModelWeights;
  readonly optimizer: Optimizer;
  readonly source: BatchSource;
  readonly metrics: MetricsFile;
  readonly rule: StopRule;
  readonly validation: { readonly requests: number };
}

/** One session of training: the state that moves, and what it works with. */
class Session {
  #samples = 0;
  #stepMs = 0;
  readonly #points: ReadonlySet<number>;

  constructor(
    private readonly input: StartInput,
    private readonly parts: Parts,
    public state: TrainingState,
  ) {
    this.#points = validationPoints(parts.rule.batches, input.config.train.validationsPerEpoch);
  }

  /** Trains to the end of the running epoch, or to where training is finished. */
  async epoch(requests: number): Promise<void> {
    const { config, context } = this.input;
    const { weights, optimizer, source, metrics } = this.parts;
    const { seed, epochs, batchRequests } = config.train;
    const { epoch, batch } = this.state;
    const bar = context.progress.start(`epoch ${epoch + 1}/${epochs}`, requests);
    const plan = { ...planFor(config, 'training', { seed, epoch }), firstBatch: batch };
    const records = trainSteps(
      weights,
      optimizer,
      source.batches(plan),
      this.state.step + 1,
      stepOptions(config),
    );
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
      samples: this.state.samples + record.samples,
    };
  }

  /** Measures the validation part, and saves where training stands. */
  async #validate(): Promise<void> {
    const { config, runFolder, context } = this.input;
    const { weights, optimizer, source, metrics, rule, validation } = this.parts;
    const startMs = performance.now();
    const measured: Validation =
      validation.requests > 0
        ? await validate(weights, source.batches(planFor(config, 'validation', null)))
        : { metrics: {}, score: null };
    const { step, epoch, batch } = this.state;
    metrics.add({ type: 'validation', step, epoch, ...measured.metrics, ...learnedFactors(weights) });
    await metrics.flush();
    this.state = {
      ...afterValidation(this.state, measured.score, rule),
      seconds: this.state.seconds + (performance.now() - startMs) / 1000,
      metricsBytes: metrics.bytes,
    };
    const isBest = this.state.best?.step === step;
    if (isBest) await saveCheckpoint(join(runFolder, runPaths.best), weights, optimizer.slots, this.state);
    await saveCheckpoint(join(runFolder, runPaths.last), weights, optimizer.slots, this.state);
    const epochs = (epoch + batch / rule.batches).toFixed(2);
    context.logger.info({ step, epochs, best: isBest, ...measured.metrics }, 'validation');
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
