/** Goes through the days of a backtest, and reports after each, so that a part of them can be read. */
import { type AucMeasure, aucMeasureOf } from '../common/auc-name.js';
import type { BacktestModel } from '../common/backtest-models.js';
import type { Context, Logger } from '../common/context.js';
import { during } from '../common/during.js';
import { mapValues } from '../common/map-values.js';
import type { Backtest } from '../config/load-backtest.js';
import type { BacktestDay, BacktestResult, DayOfModel, PairedDifference } from './backtest-result.js';

/** What a model was made ready by. */
export interface Ready {
  readonly run: string;
  readonly preprocessSeconds: number;
  readonly trainingSeconds: number;
}

export interface Measured {
  readonly auc: DayOfModel['auc'];
  readonly samples: BacktestDay['samples'];
}

/** Everything finds what is done already. */
export interface BacktestWork {
  start(): Promise<Ready>;
  /** Adds a day to the prepared data. */
  addDay(at: number): Promise<{ readonly preprocessSeconds: number }>;
  /** Measures a run on the day that was added last. */
  measure(at: number, model: BacktestModel, run: string): Promise<Measured>;
  /** Teaches the day that was added last to a run, which stays as it is. */
  learnDay(at: number, run: string): Promise<Omit<Ready, 'preprocessSeconds'>>;
  /** Trains from scratch on the days before one, and measures on that. */
  retrain(at: number): Promise<{ readonly ready: Ready; readonly measured: Measured }>;
  differences(days: readonly BacktestDay[]): Promise<readonly PairedDifference[]>;
  report(result: BacktestResult): Promise<void>;
}

export async function backtest(
  { name, folder, seed, models, days, base }: Backtest,
  work: BacktestWork,
  { logger, progress }: Context,
): Promise<BacktestResult> {
  const tasks = base.train.tasks ?? Object.keys(base.tasks);
  const measures = Object.fromEntries(
    tasks.map((task): [string, AucMeasure] => [task, aucMeasureOf(base.tasks[task]!.kind)]),
  );
  const bar = progress.start('backtest', days.length);
  bar.update(0, { step: 'start' });
  const start = await work.start();
  const done: BacktestDay[] = [];
  let updated = start;
  const soFar = (differences: BacktestResult['differences'] = []): BacktestResult => ({
    ...{ name, folder, seed, tasks, measures, models, start },
    days: [...done],
    differences,
  });
  for (const [at, day] of days.entries()) {
    logger.info({ day, number: at + 1, of: days.length }, 'backtest');
    const show = (step: string) => bar.update(at, { day, step });
    show('prepare');
    const { preprocessSeconds } = await work.addDay(at);
    // On the first day all models are the one that they start from.
    const atStart = at === 0 ? await work.measure(at, 'stale', start.run) : null;
    const measured: Partial<Record<BacktestModel, DayOfModel>> = {};
    let samples: BacktestDay['samples'] = {};
    for (const model of models) {
      show(model);
      const found = await onDay(at, model);
      measured[model] = { ...found.ready, auc: found.measured.auc };
      if (model === models[0]) samples = found.measured.samples;
      else warnOfOthers(day, { [models[0]!]: samples, [model]: found.measured.samples }, logger);
    }
    done.push({ day, samples, models: measured });
    if (models.includes('updated') && at + 1 < days.length) {
      show('learn');
      updated = { ...(await work.learnDay(at, updated.run)), preprocessSeconds };
    }
    bar.update(at + 1);
    await work.report(soFar());

    async function onDay(at: number, model: BacktestModel): Promise<{ ready: Ready; measured: Measured }> {
      const nothing = { run: start.run, preprocessSeconds: 0, trainingSeconds: 0 };
      if (atStart) return { ready: nothing, measured: atStart };
      switch (model) {
        case 'stale':
          return { ready: nothing, measured: await work.measure(at, model, start.run) };
        case 'updated':
          return { ready: updated, measured: await work.measure(at, model, updated.run) };
        case 'retrained':
          return work.retrain(at);
      }
    }
  }
  // They read every day, so once is enough.
  const result = soFar(await during(progress, 'differences between models', () => work.differences(done)));
  await work.report(result);
  bar.stop();
  return result;
}

/** AUCs on other samples say nothing of each other. */
function warnOfOthers(
  day: string,
  samplesOf: Readonly<Record<string, BacktestDay['samples']>>,
  logger: Logger,
): void {
  for (const task of Object.keys(Object.values(samplesOf)[0]!)) {
    const samples = mapValues(samplesOf, (of) => of[task]);
    if (new Set(Object.values(samples)).size === 1) continue;
    logger.warn(
      { day, task, samples },
      `${Object.keys(samples).join(' and ')} were measured on other samples of ${task}, so their AUCs do not compare; ` +
        'did a table change meanwhile? begin again (--force) with tables that stay, or leave one of the two out of models',
    );
  }
}
