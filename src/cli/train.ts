/** `dupn train`: trains the model of a config on its prepared data. */
import { Command } from 'commander';
import type { Logger, Progress } from '../common/context.js';
import { UserError } from '../common/errors.js';
import type { Config } from '../config/schema.js';
import type { Cluster, ServerTask } from '../distributed/cluster.js';
import type { FitResult } from '../training/training-session.js';
import type { Io } from './io.js';
import type { Prepared } from './require-prepared.js';
import { type ConfigOptions, type Report, readConfig, runCommand, withConfigOptions } from './session.js';

interface Options extends ConfigOptions {
  readonly resume?: true;
  readonly recalibrateBn?: true;
  readonly replay?: true;
  readonly from?: string;
  readonly localCluster?: string;
}

export function trainCommand(io: Io): Command {
  return withConfigOptions(new Command('train'))
    .description('train the shared model on all configured tasks')
    .option('--resume', 'go on from the last checkpoint of the run, if there is one')
    .option(
      '--from <run>',
      'start from the best weights of another run (folder or name), whose vocabularies the prepared data carries on',
    )
    .option(
      '--recalibrate-bn',
      'do not train: take the batch normalisation statistics of the trained run from the training samples of this config, which may be others than it was trained on',
    )
    .option(
      '--replay',
      'do not train: make the step again whose loss or gradient was not a finite number, and say where that comes from',
    )
    .option(
      '--local-cluster <processes>',
      'train with several processes on this machine, workers=2 or workers=2,ps=2, as several machines do that TF_CONFIG names (docs/distributed.md)',
    )
    .action((options: Options) =>
      runCommand(options, io, async (session) => {
        const config = await readConfig(options, io);
        if (options.localCluster !== undefined) {
          if (options.replay || options.recalibrateBn) {
            throw new UserError(
              'Cannot use --local-cluster: expected a training, got --replay or --recalibrate-bn',
            );
          }
          const { runLocalCluster } = await import('./local-cluster.js');
          await runLocalCluster(options.localCluster, trainArguments(options), io);
          return null;
        }
        if (Object.keys(config.tasks).length === 0) {
          throw new UserError(
            `Cannot train: required a task with samples under tasks, got none (${options.config})`,
          );
        }
        const cluster = await clusterOf(io);
        if (cluster && 'server' in cluster) {
          await serveTables(cluster, config, session.context.logger);
          return null;
        }
        const { requirePrepared } = await import('./require-prepared.js');
        const prepared = await requirePrepared(config, {
          action: 'train',
          configFile: options.config,
          logger: session.context.logger,
        });
        if (options.replay) {
          const { replayStep } = await import('./replay-step.js');
          return replayStep(config, prepared);
        }
        if (options.recalibrateBn) return recalibrateRun(config, prepared, session.context.progress);
        const { trainRun } = await import('./train-run.js');
        const { findRun } = await import('./open-run.js');
        const { resume = false, force = false } = options;
        const run = options.from;
        const from = run === undefined ? {} : { from: { run: findRun(config, run), layers: null } };
        const { folder, result } = await trainRun(
          config,
          prepared,
          { resume, force, cluster, ...from },
          session,
        );
        return cluster && cluster.rank > 0 ? null : report(folder, result);
      }),
    );
}

async function clusterOf(io: Io): Promise<Cluster | ServerTask | null> {
  if (io.env.TF_CONFIG === undefined) return null;
  const { readCluster } = await import('../distributed/cluster.js');
  const { followLauncher } = await import('./local-cluster.js');
  followLauncher(io);
  return readCluster(io.env.TF_CONFIG);
}

async function serveTables(task: ServerTask, config: Config, logger: Logger): Promise<void> {
  const { serveParameters } = await import('../distributed/serve-parameters.js');
  const { checkServers } = await import('./join-cluster.js');
  checkServers(task, config);
  const { name, address } = task.servers[task.server]!;
  logger.info({ process: name, address }, 'holding tables until the training is over');
  await serveParameters(task, config.distributed);
}

/** The options of a process that trains with others. */
function trainArguments({ config, set = [], resume, force, from, json, logLevel }: Options): string[] {
  return [
    ...['train', '-c', config, '--log-level', logLevel],
    ...set.flatMap((pair) => ['--set', pair]),
    ...(resume ? ['--resume'] : []),
    ...(force ? ['--force'] : []),
    ...(from === undefined ? [] : ['--from', from]),
    ...(json ? ['--json'] : []),
  ];
}

async function recalibrateRun(config: Config, prepared: Prepared, progress: Progress): Promise<Report> {
  const { recalibrate } = await import('../training/recalibrate.js');
  const { lockRun, runFolder } = await import('./open-run.js');
  const { hasCheckpoint } = await import('../training/run-folder.js');
  const folder = runFolder(config);
  if (!hasCheckpoint(folder)) {
    throw new UserError(`Cannot recalibrate ${folder}: required a trained run, got none; train it first`);
  }
  const lock = await lockRun(config);
  try {
    const { manifest, folder: preparedFolder } = prepared;
    const input = { config, manifest, preparedFolder, runFolder: folder };
    const { layers, samples } = await recalibrate(input, progress);
    return {
      json: { run: folder, layers, samples },
      text: `statistics of ${layers.length} layers taken from ${samples} samples\nrun: ${folder}`,
    };
  } finally {
    await lock.release();
  }
}

function report(folder: string, { state, ...rest }: FitResult): Report {
  const { step, epoch, samplesByTask, seconds, best } = state;
  const samples = Object.values(samplesByTask).reduce((sum, count) => sum + count, 0);
  const speed = `(${rest.samplesPerSecond} samples/s, ${Math.round(100 * rest.waitingShare)} % of it waiting for batches)`;
  const lines = [
    `${step} steps, ${epoch} epochs, ${samples} samples in ${seconds.toFixed(1)} s ` +
      (rest.samplesPerSecond > 0 ? speed : '(done before: nothing was left to train)'),
    ...(best
      ? [
          `best after ${best.epochs.toFixed(2)} epochs, weighted mean of the validation AUCs of the tasks ${best.score?.toFixed(4) ?? 'not measured'}`,
        ]
      : []),
    `run: ${folder}`,
  ];
  return {
    json: { run: folder, steps: step, epochs: epoch, samples, seconds, best, ...rest },
    text: lines.join('\n'),
  };
}
