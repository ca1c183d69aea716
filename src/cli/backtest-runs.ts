/** The work of a backtest on its folders: what is done already is found, so that it goes on where it was cut off. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { BacktestModel } from '../common/backtest-models.js';
import { UserError } from '../common/errors.js';
import { writeJson } from '../common/files.js';
import { mapValues } from '../common/map-values.js';
import { readJson } from '../common/read-json.js';
import { readManifest } from '../common/read-manifest.js';
import { toIsoUtc } from '../config/dates.js';
import type { Backtest } from '../config/load-backtest.js';
import type { Config } from '../config/schema.js';
import type { BacktestWork, Measured, Ready } from '../experiments/backtest.js';
import {
  isBacktestRun,
  retrainedConfig,
  startConfig,
  updateConfig,
} from '../experiments/backtest-configs.js';
import { pairedDifferences } from '../experiments/paired-days.js';
import { describeCheckpoint } from '../model/checkpoint.js';
import { backtestPaths } from '../report/write-backtest-report.js';
import { runPaths } from '../training/run-folder.js';
import type { TrainingState } from '../training/training-state.js';
import { evaluateRun } from './evaluate-run.js';
import { isTrained, requireSameRun } from './found-run.js';
import { runFolder } from './open-run.js';
import { prepareFolder } from './prepare-folder.js';
import { type Prepared, preparedFolder, requirePrepared } from './require-prepared.js';
import type { Session } from './session.js';
import { trainRun } from './train-run.js';

const daysFolder = (folder: string) => join(folder, 'days');

/** Of what `start` saves, which names the prepared data that the backtest has made. */
const startFile = (folder: string) => join(daysFolder(folder), 'start.json');

/** Until when the data of a config reaches. */
const endOf = ({ data }: Config) => toIsoUtc(data.log.to!, data.timeZone);

const OTHER_NAME = 'give the backtest another name (--set run.name=NAME)';

export function backtestWork(settings: Backtest, session: Session): Omit<BacktestWork, 'report'> {
  const { folder, days, baseFile, base } = settings;
  const { context } = session;
  const require = { action: 'backtest', configFile: baseFile, logger: context.logger };
  const outputOf = (day: string, model: BacktestModel) => join(daysFolder(folder), day, model);

  function noEvents(at: number): UserError {
    const fewer = at > 0 ? `take only the days before it (--set days=${at}), or ` : '';
    return new UserError(
      `Cannot add ${days[at]} to the backtest: the log has no events on ${days[at]}; ` +
        `${fewer}begin on a later or earlier day, so that each has events (--set from=DAY, with --force)`,
    );
  }

  /** Reads what an earlier call has saved, or works it out and saves it. */
  async function once<T extends object>(name: string, run: () => Promise<T>): Promise<T> {
    const file = join(daysFolder(folder), `${name}.json`);
    if (existsSync(file)) return readJson<T>(file);
    const result = await run();
    await mkdir(daysFolder(folder), { recursive: true });
    await writeJson(file, result);
    return result;
  }

  /** The prepared data of a config, which each day that is added takes further. */
  async function requireData(config: Config): Promise<Prepared> {
    const data = preparedFolder(config);
    const [coveredTo, end] = [readManifest(data)?.coveredTo, endOf(config)];
    const advice = `begin the backtest again (--force), or ${OTHER_NAME}`;
    if (coveredTo !== undefined && coveredTo > end) {
      throw new UserError(
        `Cannot go back to an earlier day of the backtest: expected data until ${end} in ${data}, got until ${coveredTo}; ` +
          'a model is measured on a day, and learns it, before the next one is added\n' +
          `  name the models of the first call, ${advice}`,
      );
    }
    return advise(advice, () => requirePrepared(config, require));
  }

  /** Trains a run on the prepared data of its config, or finds it there. */
  async function train(config: Config, from?: string): Promise<Omit<Ready, 'preprocessSeconds'>> {
    const run = runFolder(config);
    await requireSameRun(run, config, null, 'backtest');
    if (!(await isTrained(run, config.train))) {
      const start = from === undefined ? {} : { from: { run: from, layers: null } };
      const prepared = await requireData(config);
      await trainRun(config, prepared, { resume: true, force: false, ...start }, session);
    }
    const { state } = await describeCheckpoint<TrainingState>(join(run, runPaths.last));
    return { run, trainingSeconds: state.seconds };
  }

  async function measure(config: Config, prepared: Prepared, run: string, output: string): Promise<Measured> {
    const { metrics, tasks } = await evaluateRun(config, prepared, run, context, { output });
    return {
      auc: mapValues(tasks, (_, task) => metrics[`auc[${task}]`] ?? metrics[`macroAuc[${task}]`] ?? null),
      samples: mapValues(tasks, ({ samples }) => samples),
    };
  }

  return {
    async start() {
      const config = startConfig(settings);
      const { preprocessSeconds } = await once('start', async () => {
        const data = preparedFolder(config);
        const isThere = readManifest(data) !== null;
        const prepare = async () => {
          const { seconds } = await prepareFolder(config, { force: false, update: true, context });
          if (isThere) await requirePrepared(config, require);
          return { preprocessSeconds: seconds, prepared: resolve(data) };
        };
        const advice = `${data} was there before the backtest: remove it, or ${OTHER_NAME}`;
        return isThere ? advise(advice, prepare) : prepare();
      });
      return { preprocessSeconds, ...(await train(config)) };
    },
    async addDay(at) {
      return once(`${days[at]}-added`, async () => {
        const config = updateConfig(settings, at);
        const [from, to] = [toIsoUtc(days[at]!, config.data.timeZone), endOf(config)];
        const coveredTo = readManifest(preparedFolder(config))?.coveredTo;
        if (coveredTo === to) return { preprocessSeconds: 0 };
        if (coveredTo !== from) {
          throw new UserError(
            `Cannot add ${days[at]} to ${preparedFolder(config)}: expected data until ${from}, got until ${coveredTo}; ` +
              'begin again (--force)',
          );
        }
        const { seconds, manifest } = await prepareFolder(config, { force: false, update: true, context });
        // An update without an event leaves the data as it was.
        if (manifest.coveredTo !== to) throw noEvents(at);
        return { preprocessSeconds: seconds };
      });
    },
    async measure(at, model, run) {
      return once(`${days[at]}-${model}`, async () => {
        const config = updateConfig(settings, at);
        return measure(config, await requireData(config), run, outputOf(days[at]!, model));
      });
    },
    learnDay: (at, run) => train(updateConfig(settings, at), run),
    async retrain(at) {
      const config = retrainedConfig(settings, at);
      return once(`${days[at]}-retrained`, async () => {
        const { seconds } = await prepareFolder(config, { force: false, context });
        // A call that finds the data there takes no time for it.
        const { preprocessSeconds } = await once(`${days[at]}-retrained-data`, async () => ({
          preprocessSeconds: seconds,
        }));
        const prepared = await requireData(config);
        const trained = await train(config);
        const measured = await measure(config, prepared, trained.run, outputOf(days[at]!, 'retrained'));
        // Data of its own for each day would add up.
        await rm(preparedFolder(config), { recursive: true, force: true });
        return { ready: { ...trained, preprocessSeconds }, measured };
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

/** Runs it; what a user can mend is thrown with what to do in a backtest, in the place of what to do elsewhere. */
async function advise<T>(advice: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const text = error.message.replace(/\n {2}run `dupn preprocess [^\n]*$/, '');
    throw new UserError(`${text}\n  ${advice}`, { cause: error });
  }
}

/** @throws UserError where the folder is that of a run, or with `force` of anything else but a backtest */
export async function checkBacktestFolder({ folder }: Backtest, force: boolean): Promise<void> {
  const refuse = (found: string) =>
    new UserError(
      `Cannot backtest into ${folder}: expected a new folder or that of a backtest, got ${found}; ${OTHER_NAME}`,
    );
  if (existsSync(join(folder, runPaths.metrics))) throw refuse('a run');
  if (!force || !existsSync(folder)) return;
  const entries = await readdir(folder).catch(() => null);
  if (!entries) throw refuse('a file');
  if (entries.length === 0 || existsSync(daysFolder(folder)) || entries.includes(backtestPaths.json)) return;
  throw refuse('one that holds something else');
}

/** What an earlier call has made, prepared data included; all else in the folder stays. */
export async function removeBacktest({ folder }: Backtest): Promise<void> {
  const start = startFile(folder);
  if (existsSync(start)) {
    const { prepared } = await readJson<{ readonly prepared: string }>(start);
    await rm(prepared, { recursive: true, force: true });
  }
  const entries = existsSync(folder) ? await readdir(folder) : [];
  // The days come last: what names the prepared data, and tells the folder of a backtest.
  for (const entry of entries.filter(isReport).concat(entries.filter(isBacktestRun))) {
    await rm(join(folder, entry), { recursive: true, force: true });
  }
  await rm(daysFolder(folder), { recursive: true, force: true });
}

const isReport = (name: string): boolean =>
  [backtestPaths.json, backtestPaths.markdown, backtestPaths.page].some((path) => path === name) ||
  /^backtest-.*\.svg$/.test(name);
