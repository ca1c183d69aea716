/** The work of a backtest on its folders: what is done already is found, so that it goes on where it was cut off. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BacktestModel } from '../common/backtest-models.js';
import { UserError } from '../common/errors.js';
import { writeJson } from '../common/files.js';
import { mapValues } from '../common/map-values.js';
import { toIsoUtc } from '../config/dates.js';
import { type Backtest, dayAfter } from '../config/load-backtest.js';
import type { Config } from '../config/schema.js';
import type { BacktestWork, Measured, Ready } from '../experiments/backtest.js';
import { retrainedConfig, startConfig, updateConfig } from '../experiments/backtest-configs.js';
import { pairedDifferences } from '../experiments/paired-days.js';
import { describeCheckpoint } from '../model/checkpoint.js';
import { readManifest } from '../preprocess/reuse.js';
import { runPaths } from '../training/run-folder.js';
import type { TrainingState } from '../training/training-state.js';
import { evaluateRun } from './evaluate-run.js';
import { isTrained, requireSameRun } from './found-run.js';
import { runFolder } from './open-run.js';
import { prepareFolder } from './prepare-folder.js';
import { type Prepared, preparedFolder, requirePrepared } from './require-prepared.js';
import type { Session } from './session.js';
import { trainRun } from './train-run.js';

export function backtestWork(settings: Backtest, session: Session): Omit<BacktestWork, 'report'> {
  const { folder, days, baseFile, base } = settings;
  const { context } = session;
  const require = { action: 'backtest', configFile: baseFile, logger: context.logger };
  const outputOf = (day: string, model: BacktestModel) => join(folder, 'days', day, model);

  /** Reads what an earlier call has saved, or works it out and saves it. */
  async function once<T extends object>(name: string, run: () => Promise<T>): Promise<T> {
    const file = join(folder, 'days', `${name}.json`);
    if (existsSync(file)) return JSON.parse(await readFile(file, 'utf8')) as T;
    const result = await run();
    await mkdir(join(folder, 'days'), { recursive: true });
    await writeJson(file, result);
    return result;
  }

  /** Trains a run on the prepared data of its config, or finds it there. */
  async function train(config: Config, from?: string): Promise<Omit<Ready, 'preprocessSeconds'>> {
    const run = runFolder(config);
    await requireSameRun(run, config, null, 'backtest');
    if (!(await isTrained(run, config.train))) {
      const start = from === undefined ? {} : { from: { run: from, layers: null } };
      const prepared = await requirePrepared(config, require);
      await trainRun(config, prepared, { resume: true, force: false, ...start }, session);
    }
    const { state } = await describeCheckpoint<TrainingState>(join(run, runPaths.last));
    return { run, trainingSeconds: state.seconds };
  }

  async function measure(config: Config, prepared: Prepared, run: string, output: string): Promise<Measured> {
    const { metrics, tasks } = await evaluateRun(config, prepared, run, context, output);
    return {
      auc: mapValues(tasks, (_, task) => metrics[`auc[${task}]`] ?? metrics[`macroAuc[${task}]`] ?? null),
      samples: mapValues(tasks, ({ samples }) => samples),
    };
  }

  return {
    async start() {
      const config = startConfig(settings);
      const { preprocessSeconds } = await once('start', async () => {
        const { seconds } = await prepareFolder(config, { force: true, update: true, context });
        return { preprocessSeconds: seconds };
      });
      return { preprocessSeconds, ...(await train(config)) };
    },
    async addDay(at) {
      return once(`${days[at]}-added`, async () => {
        const config = updateConfig(settings, at);
        const { timeZone } = config.data;
        const [from, to] = [days[at]!, dayAfter(days[at]!, 1)].map((day) => toIsoUtc(day, timeZone));
        const coveredTo = (await readManifest(preparedFolder(config)))?.coveredTo;
        if (coveredTo === to) return { preprocessSeconds: 0 };
        if (coveredTo !== from) {
          throw new UserError(
            `Cannot add ${days[at]} to ${preparedFolder(config)}: expected data until ${from}, got until ${coveredTo}; ` +
              'begin again (--force)',
          );
        }
        const { seconds } = await prepareFolder(config, { force: false, update: true, context });
        return { preprocessSeconds: seconds };
      });
    },
    async measure(at, model, run) {
      return once(`${days[at]}-${model}`, async () => {
        const config = updateConfig(settings, at);
        const prepared = await requirePrepared(config, require);
        return measure(config, prepared, run, outputOf(days[at]!, model));
      });
    },
    learnDay: (at, run) => train(updateConfig(settings, at), run),
    async retrain(at) {
      const config = retrainedConfig(settings, at);
      return once(`${days[at]}-retrained`, async () => {
        const { seconds } = await prepareFolder(config, { force: false, context });
        const prepared = await requirePrepared(config, require);
        const trained = await train(config);
        const measured = await measure(config, prepared, trained.run, outputOf(days[at]!, 'retrained'));
        // Data of its own for each day would add up.
        await rm(preparedFolder(config), { recursive: true, force: true });
        return { ready: { ...trained, preprocessSeconds: seconds }, measured };
      });
    },
    differences: (done) =>
      pairedDifferences({
        folder,
        days: done.map(({ day }) => day),
        models: settings.models,
        tasks: Object.entries(base.tasks)
          .filter(([task, { kind }]) => kind !== 'multiclass' && (base.train.tasks?.includes(task) ?? true))
          .map(([task]) => task),
        fileOf: (day, model, task) =>
          join(outputOf(day, day === days[0] ? 'stale' : model), runPaths.predictions, `${task}.parquet`),
        bootstrap: { samples: base.eval.bootstrapSamples, seed: base.eval.bootstrapSeed },
        limits: base.preprocess,
      }),
  };
}

/** What an earlier call has made, prepared data included. */
export async function removeBacktest(settings: Backtest): Promise<void> {
  await rm(settings.folder, { recursive: true, force: true });
  await rm(preparedFolder(startConfig(settings)), { recursive: true, force: true });
}
