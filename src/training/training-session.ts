/** One session of training: steps, validations and checkpoints from where training stands to its end. */
import { join } from 'node:path';
import { mapValues } from '../common/map-values.js';
import type { BatchPlan } from '../dataset/batch-plan.js';
import type { BatchSource } from '../dataset/batch-source.js';
import { saveCheckpoint } from '../model/checkpoint.js';
import { countParameters, uncertaintyName } from '../model/parameters.js';
import type { ModelWeights } from '../model/weights.js';
import type { MetricsFile, MetricsRecord } from './metrics-file.js';
import type { Optimizer } from './optimizer.js';
import type { Plans } from './plans.js';
import { runPaths } from './run-folder.js';
import type { StartInput } from './start.js';
import { meanRecord } from './step-records.js';
import { type StepOptions, type StepRecord, trainSteps } from './steps.js';
import type { Tensorboard } from './tensorboard.js';
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

/** `factor[task]` = exp(-s) of learned uncertainties, by which the losses are weighed at this moment. */
function learnedFactors(weights: ModelWeights): Record<string, number> {
  const factors = Object.keys(weights.shape.tasks).flatMap((task) => {
    const uncertainty = weights.dense.get(uncertaintyName(task));
    return uncertainty ? [[`factor[${task}]`, Math.exp(-uncertainty.readRows(0, 1)[0]!)]] : [];
  });
  return Object.fromEntries(factors) as Record<string, number>;
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
  readonly tensorboard: Tensorboard;
  readonly rule: StopRule;
  readonly validation: { readonly requests: number };
  readonly plans: Plans;
  readonly options: StepOptions;
}

/** The state that moves, and what it works with. */
export class TrainingSession {
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
    const { weights, optimizer, source, plans, options } = this.parts;
    const { epochs, batchRequests } = config.train;
    const { epoch, batch } = this.state;
    const bar = context.progress.start(`epoch ${epoch + 1}/${epochs}, requests`, requests);
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
          this.#record({ type: 'train', epoch, ...mean });
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
    this.#record({ type: 'validation', step, epoch, ...measured.metrics, ...learnedFactors(weights) });
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
    const folder = join(this.input.runFolder, runPaths.temporary);
    return validate(weights, source.batches(plan), folder, options.stored);
  }

  /** A point of the curve of a transfer, whose time is not that of training. */
  async #measureCurve(): Promise<void> {
    const { transfer } = this.input;
    const { plans } = this.parts;
    if (!transfer || !plans.evaluation) return;
    const { step, seconds, samplesByTask } = this.state;
    const { score } = await this.#measure(plans.evaluation);
    this.#record({ type: 'curve', step, samples: samplesByTask[transfer.task] ?? 0, seconds, auc: score });
  }

  #record(record: MetricsRecord): void {
    this.parts.metrics.add(record);
    this.parts.tensorboard.add(record);
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
