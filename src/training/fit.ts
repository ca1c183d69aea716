/**
 * Training from a config and prepared data to the best weights: steps, validations on the held-out part of the
 * training period, checkpoints, early stopping. The evaluation part is read for the curve of a transfer only, and decides
 * nothing.
 */
import { join } from 'node:path';
import { activeTasks } from '../common/active-tasks.js';
import { UserError } from '../common/errors.js';
import { type HeldInterrupt, holdInterrupt } from '../common/interrupted.js';
import type { Config } from '../config/schema.js';
import type { PlanSize } from '../dataset/batch-plan.js';
import { BatchSource } from '../dataset/batch-source.js';
import { matchesOf } from '../model/shape.js';
import type { ModelWeights } from '../model/weights.js';
import { warnOfStatistics } from './biased-statistics.js';
import { layerRates } from './layer-rates.js';
import { noMetricsFile, openMetricsFile } from './metrics-file.js';
import { plansOf } from './plans.js';
import { preparedKey } from './prepared-key.js';
import { runPaths } from './run-folder.js';
import { type StartInput, type StartRecord, startOrGoOn } from './start.js';
import { stepOptions } from './step-options.js';
import type { StepOptions } from './steps.js';
import { type StoredRepresentations, storeRepresentations } from './stored-representations.js';
import { alone } from './team.js';
import { openTensorboard, type Tensorboard } from './tensorboard.js';
import { type FitInput, type FitResult, TrainingSession, type TransferOptions } from './training-session.js';
import { isFinished, type StopRule } from './training-state.js';

/**
 * Training goes on from the last checkpoint of the run where it has one.
 * @throws Interrupted when a signal has stopped it between two steps, where it is saved
 */
export async function fit(input: FitInput): Promise<FitResult> {
  const { config, runFolder, context, transfer = null, team = alone } = input;
  const { weights, optimizer, state, record } = await startOrGoOn(input);
  const source = new BatchSource(input.preparedFolder);
  let stored: StoredRepresentations | null = null;
  let tensorboard: Tensorboard | null = null;
  let held: HeldInterrupt | null = null;
  try {
    const metricsFile = join(runFolder, runPaths.metrics);
    const metrics = team.isChief
      ? await openMetricsFile(metricsFile, state.metricsBytes, context.logger)
      : noMetricsFile;
    if (team.isChief) {
      tensorboard = openTensorboard(join(runFolder, runPaths.tensorboard), metricsFile, context.logger);
    }
    warnOfStatistics(config, context.logger);
    warnOfUntrained(input);
    if (transfer?.storeIn && record) stored = await store(weights, record, source, input, transfer);
    // They are worked out once, and cost every run that starts on them the same.
    const seconds = state.step === 0 ? state.seconds + (stored?.seconds ?? 0) : state.seconds;
    const readsHistories = !stored || matchesOf(weights.shape.tasks[transfer!.task]!).length > 0;
    const plans = plansOf(config, transfer, readsHistories, team);
    const sizes = [plans.training(state), plans.validation].map((plan) => source.measure(plan));
    const [training, validation] = (await team.during(Promise.all(sizes))) as [PlanSize, PlanSize];
    if (training.batches === 0) throw nothingToTrain(config);
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
    held = holdInterrupt();
    const { stop } = held;
    stop.addEventListener('abort', () =>
      context.logger.warn(
        { signal: stop.reason },
        'the step is finished and saved; once more to leave at once',
      ),
    );
    const parts = {
      team,
      weights,
      optimizer,
      source,
      metrics,
      tensorboard,
      rule,
      validation,
      plans,
      options,
      stop,
    };
    const session = new TrainingSession(input, parts, { ...state, seconds });
    await session.begin();
    while (!isFinished(session.state, rule)) {
      await session.epoch(Math.ceil(training.requests / (team.turn?.of ?? 1)));
      await session.goOnOrThrow();
    }
    return session.result();
  } finally {
    held?.release();
    tensorboard?.close();
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
