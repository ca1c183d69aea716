/** One session of training: steps, validations and checkpoints from where training stands to its end, or to where it is stopped. */
import { join } from 'node:path';
import { UserError } from '../common/errors.js';
import { Interrupted } from '../common/interrupted.js';
import { mapValues } from '../common/map-values.js';
import type { Batch } from '../dataset/batch.js';
import type { BatchPlan } from '../dataset/batch-plan.js';
import type { BatchSource } from '../dataset/batch-source.js';
import { countParameters, uncertaintyName } from '../model/parameters.js';
import type { ModelWeights } from '../model/weights.js';
import { keepFailedStep } from './failed-step.js';
import { watchLosses } from './loss-watch.js';
import type { MetricsFile, MetricsRecord } from './metrics-file.js';
import type { Optimizer } from './optimizer.js';
import type { Plans } from './plans.js';
import { runPaths } from './run-folder.js';
import type { StartInput } from './start.js';
import { type MeanRecord, meanRecord } from './step-records.js';
import { type StepOptions, type StepRecord, trainSteps } from './steps.js';
import type { Team, Wish } from './team.js';
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
  /** What reaching the other processes cost a step, by purpose; of those that train together. */
  readonly exchange?: Readonly<Record<string, { readonly bytes: number; readonly ms: number }>>;
}

/** Steps whose mean makes one record of metrics.jsonl. */
const STEPS_PER_RECORD = 20;

/** Steps in a row that may be passed over. */
const MOST_SKIPPED = 9;

/** Where validations are rarer, what a run has done is saved after so long. */
const SAVE_AFTER_MS = 600_000;

/** But not so often that it takes more than this share of the time. */
const SAVING_SHARE = 0.05;

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

/** Of a process that makes steps of its own: the others are elsewhere, and nothing is saved. */
const cannotGoOnAlone = (runFolder: string, step: number, notFinite: readonly string[]) =>
  new UserError(
    `Cannot go on training ${runFolder}: step ${step} expected finite numbers, got others in the ${notFinite.join(', the ')}\n` +
      '  a smaller train.learningRate or train.tableLearningRate, or train.clipNorm, may help (in a run from the start); ' +
      '--resume --set train.notFinite=skip goes on from the last checkpoint, without such batches',
  );

interface Parts {
  readonly team: Team;
  readonly weights: ModelWeights;
  readonly optimizer: Optimizer;
  readonly source: BatchSource;
  readonly metrics: MetricsFile;
  /** null where another process keeps the records. */
  readonly tensorboard: Tensorboard | null;
  readonly rule: StopRule;
  readonly validation: { readonly requests: number };
  readonly plans: Plans;
  readonly options: StepOptions;
  /** Aborted, with a signal as its reason, when the session is to end. */
  readonly stop: AbortSignal;
}

/** The state that moves, and what it works with. */
export class TrainingSession {
  #samples = 0;
  #steps = 0;
  #stepMs = 0;
  #savedAtMs = performance.now();
  #savingMs = 0;
  readonly #points: ReadonlySet<number>;
  readonly #watch: (record: MeanRecord) => void;

  constructor(
    private readonly input: FitInput,
    private readonly parts: Parts,
    public state: TrainingState,
  ) {
    this.#points = validationPoints(parts.rule.batches, input.config.train.validationsPerEpoch);
    this.#watch = watchLosses(parts.weights.shape, input.context.logger);
  }

  /** Before the first step: where the curve of a transfer starts. */
  async begin(): Promise<void> {
    if (this.state.step > 0) return;
    const point = await this.#curvePoint(this.state.seconds);
    if (point) this.#record(point);
  }

  /**
   * Trains to the end of the running epoch, or to where training is finished.
   * @throws Interrupted when it was stopped, and UserError for a step that cannot be made; where training stands is saved by then
   */
  async epoch(requests: number): Promise<void> {
    const { config, context } = this.input;
    const { team, weights, optimizer, source, plans, options, rule } = this.parts;
    const { epochs, batchRequests } = config.train;
    const { epoch } = this.state;
    const bar = context.progress.start(`epoch ${epoch + 1}/${epochs}, requests`, requests);
    let startMs = performance.now();
    try {
      // Of a session that was stopped in a validation.
      if (this.#atPoint && this.state.validatedStep < this.state.step) await this.#validate();
      if (isFinished(this.state, rule) || this.state.epoch > epoch) return;
      const batches = source.batches(plans.training(this.state));
      const first = this.state.step + 1;
      for await (const record of trainSteps(weights, optimizer, batches, first, options, team.step)) {
        if (record.failure) await this.#fail(record);
        else this.#count(record, performance.now() - startMs);
        const { window } = this.state;
        if (window.length === STEPS_PER_RECORD || (this.#atPoint && window.length > 0)) {
          const mean = meanRecord(window);
          this.#record({ type: 'train', epoch, ...mean });
          this.#watch(mean);
          const done = Math.min(requests, this.state.batch * batchRequests);
          bar.update(done, { loss: mean.loss.toFixed(4), 'samples/s': this.#samplesPerSecond() });
          this.state = { ...this.state, window: [] };
        }
        if (this.#atPoint) await this.#validate();
        if (isFinished(this.state, rule) || this.state.epoch > epoch) break;
        await this.#stopOrGoOn();
        startMs = performance.now();
      }
    } finally {
      bar.stop();
    }
  }

  get #atPoint(): boolean {
    return this.#points.has(this.state.batch);
  }

  #count(record: StepRecord, elapsedMs: number): void {
    this.#samples += record.samples;
    this.#steps++;
    this.#stepMs += elapsedMs;
    this.state = {
      ...this.state,
      step: record.step,
      batch: this.state.batch + 1,
      window: [...this.state.window, record],
      skippedInARow: 0,
      seconds: this.state.seconds + elapsedMs / 1000,
      samplesByTask: summed(this.state.samplesByTask, record.samplesByTask),
    };
  }

  /** Passes over a step that cannot be made, where the config says so. */
  async #fail({ step, failure }: StepRecord): Promise<void> {
    const { config, runFolder, context, transfer } = this.input;
    const { weights, options } = this.parts;
    const { skippedInARow, batch, prepared } = this.state;
    const { notFinite, requests } = failure!;
    if (config.train.notFinite === 'skip' && skippedInARow < MOST_SKIPPED) {
      context.logger.warn({ step, notFinite }, 'a batch is passed over: expected finite numbers, got others');
      this.state = { ...this.state, step, batch: batch + 1, skippedInARow: skippedInARow + 1 };
      return;
    }
    if (this.parts.team.turn) throw cannotGoOnAlone(runFolder, step, notFinite);
    await this.#save();
    const learning = [...weights.dense.keys(), ...weights.tables.keys()];
    const { rateOf } = options;
    throw await keepFailedStep(runFolder, this.parts, {
      ...{ step, notFinite, requests, prepared },
      frozen: rateOf ? learning.filter((name) => rateOf(name, step) === 0) : [],
      limit: transfer && transfer.share < 1 ? { task: transfer.task, share: transfer.share } : null,
    });
  }

  /** Measures the validation part, and saves where training stands. */
  async #validate(): Promise<void> {
    const { runFolder, context } = this.input;
    const { team, weights, optimizer, rule, validation, plans } = this.parts;
    const startMs = performance.now();
    const { step, epoch, batch } = this.state;
    let measured: Validation;
    let point: MetricsRecord | null;
    let seconds: number;
    try {
      measured =
        validation.requests > 0 ? await this.#measure(plans.validation) : { metrics: {}, score: null };
      seconds = this.state.seconds + (performance.now() - startMs) / 1000;
      point = await this.#curvePoint(seconds);
    } catch (error) {
      // Stopped: the next session begins with this validation.
      if (error instanceof Interrupted && step > 0) await this.#save();
      throw error;
    }
    this.#record({ type: 'validation', step, epoch, ...measured.metrics, ...learnedFactors(weights) });
    if (point) this.#record(point);
    this.state = afterValidation({ ...this.state, seconds }, measured.score, rule);
    const isBest = this.state.best?.step === step;
    await this.#save(async () => {
      if (isBest) await team.save(join(runFolder, runPaths.best), optimizer.result, optimizer, this.state);
    });
    const epochs = (epoch + batch / rule.batches).toFixed(2);
    context.logger.info({ step, epochs, best: isBest, ...measured.metrics }, 'validation');
  }

  /** Saves where training stands, in step with metrics.jsonl; `first` is done in between. */
  async #save(first: () => Promise<void> = async () => {}): Promise<void> {
    const { team, weights, optimizer, metrics } = this.parts;
    const startMs = performance.now();
    await metrics.flush();
    this.state = { ...this.state, metricsBytes: metrics.bytes };
    await first();
    const last = join(this.input.runFolder, runPaths.last);
    await team.save(last, weights, optimizer, this.state);
    this.#savedAtMs = performance.now();
    this.#savingMs = this.#savedAtMs - startMs;
  }

  /** @throws Interrupted when the session is to end */
  async #stopOrGoOn(): Promise<void> {
    const unsavedMs = performance.now() - this.#savedAtMs;
    const isDue = unsavedMs > Math.max(SAVE_AFTER_MS, this.#savingMs / SAVING_SHARE);
    const { stop, save } = await this.#agree(isDue);
    if (stop || save) await this.#save();
    this.#throwIf(stop);
  }

  /** @throws Interrupted when the session is to end; where it stands is saved, but for what has no step yet */
  async goOnOrThrow(): Promise<void> {
    this.#throwIf((await this.#agree(false)).stop);
  }

  #agree(save: boolean): Promise<Wish> {
    const { team, stop } = this.parts;
    return team.agree({ stop: stop.aborted ? (stop.reason as NodeJS.Signals) : null, save });
  }

  #throwIf(signal: NodeJS.Signals | null): void {
    if (!signal) return;
    const { step } = this.state;
    const text = step === 0 ? 'stopped before its first step' : `stopped after step ${step}, which is saved`;
    throw new Interrupted(
      signal,
      `${this.input.runFolder}: ${text}; the same command goes on with it (dupn train: with --resume)`,
    );
  }

  /** @throws Interrupted */
  #measure(plan: BatchPlan): Promise<Validation> {
    const { team, optimizer, source, options } = this.parts;
    const folder = join(
      this.input.runFolder,
      `${runPaths.temporary}${team.share ? `-${team.share.index}` : ''}`,
    );
    const scores = team.scores(optimizer.result, this.#untilStopped(source.batches(plan)), options.stored);
    return validate(scores, folder);
  }

  async *#untilStopped(batches: AsyncIterable<Batch>): AsyncGenerator<Batch> {
    for await (const batch of batches) {
      await this.goOnOrThrow();
      yield batch;
    }
  }

  /** A point of the curve of a transfer, whose time is not that of training; null for other runs. */
  async #curvePoint(seconds: number): Promise<MetricsRecord | null> {
    const { transfer } = this.input;
    const { plans } = this.parts;
    if (!transfer || !plans.evaluation) return null;
    const { step, samplesByTask } = this.state;
    const { score } = await this.#measure(plans.evaluation);
    return { type: 'curve', step, samples: samplesByTask[transfer.task] ?? 0, seconds, auc: score };
  }

  #record(record: MetricsRecord): void {
    this.parts.metrics.add(record);
    this.parts.tensorboard?.add(record);
  }

  #samplesPerSecond(): number {
    return Math.round((this.#samples / Math.max(1, this.#stepMs)) * 1000);
  }

  result(): FitResult {
    const { source, weights, team } = this.parts;
    const costs = [...team.costs()];
    const steps = Math.max(1, this.#steps);
    const perStep = costs.map(([purpose, { bytes, ms }]) => [
      purpose,
      { bytes: Math.round(bytes / steps), ms: ms / steps },
    ]);
    return {
      state: this.state,
      samplesPerSecond: this.#samplesPerSecond(),
      waitingShare: this.#stepMs > 0 ? source.waitedMs / this.#stepMs : 0,
      parameters: countParameters(weights.shape),
      ...(costs.length > 0 && { exchange: Object.fromEntries(perStep) }),
    };
  }
}
