/** Trains the run of a config in its folder, which is locked meanwhile and gets the log. */
import { join, resolve } from 'node:path';
import { UserError } from '../common/errors.js';
import { Interrupted } from '../common/interrupted.js';
import type { Manifest } from '../common/prepared.js';
import type { Config } from '../config/schema.js';
import { verifyPrepared } from '../dataset/verify-prepared.js';
import type { Cluster } from '../distributed/cluster.js';
import { modelShape } from '../model/shape.js';
import { checkEarlierRun } from '../training/earlier-run.js';
import { fit } from '../training/fit.js';
import { hasCheckpoint, runPaths } from '../training/run-folder.js';
import { readStart, type StartFrom } from '../training/start.js';
import { alone } from '../training/team.js';
import type { FitResult, TransferOptions } from '../training/training-session.js';
import { checkServers, joinCluster, memberContext } from './join-cluster.js';
import { openRun, runFolder } from './open-run.js';
import type { Prepared } from './require-prepared.js';
import type { Session } from './session.js';

export interface TrainOptions {
  readonly resume: boolean;
  readonly force: boolean;
  readonly from?: StartFrom;
  readonly transfer?: TransferOptions;
  /** The processes that train together; null for this one alone. */
  readonly cluster?: Cluster | null;
}

/**
 * @throws UserError when the run cannot be opened with these options (`openRun`), or files of the prepared data are damaged, and
 *   as `fit`
 */
export async function trainRun(
  config: Config,
  prepared: Prepared,
  options: TrainOptions,
  { context: ownContext, copyLogTo }: Session,
): Promise<{ readonly folder: string; readonly result: FitResult }> {
  const { manifest, folder: preparedFolder } = prepared;
  const { from, transfer, cluster = null } = options;
  const isChief = !cluster || cluster.rank === 0;
  const context = isChief ? ownContext : memberContext(ownContext);
  if (cluster) checkServers(cluster, config);
  if (cluster && config.distributed.tables !== 'replicated') await requireNoStart(config, options);
  // Before anything is made for the run.
  if (from && resolve(from.run) === resolve(runFolder(config))) {
    throw new UserError(
      `Cannot start from ${from.run}: expected another run than the one that is trained, got the same; ` +
        'give that one a name (--set run.name=NAME)',
    );
  }
  if (from) await checkEarlierRun(from.run, modelShape(config, manifest), manifest);
  else await requireStart(config, options, manifest);
  const joined = cluster && (await joinCluster(cluster, config, prepared, ownContext));
  const team = joined?.team ?? alone;
  const train = async () => {
    await team.during(verifyPrepared(preparedFolder, manifest, context.progress));
    const { folder, lock } = await (joined?.open(options) ?? openRun(config, options));
    try {
      const stopCopying = isChief ? copyLogTo(join(folder, runPaths.log)) : () => {};
      const input = {
        ...{ config, manifest, preparedFolder, runFolder: folder, context, team },
        ...(from && { from }),
        ...(transfer && { transfer }),
      };
      const result = await fit(input).finally(stopCopying);
      return { folder, result };
    } finally {
      await lock.release();
    }
  };
  try {
    const trained = await train();
    await joined?.leave();
    return trained;
  } catch (error) {
    // All have stopped after the same step; of another fault each, or this one alone, may be the place.
    await (error instanceof Interrupted ? joined?.leave() : joined?.farewell());
    throw error;
  }
}

/** Tables that are spread over several machines start anew. */
async function requireNoStart(config: Config, { from, resume }: TrainOptions): Promise<void> {
  const folder = runFolder(config);
  const start = from ?? (resume && !hasCheckpoint(folder) ? await readStart(folder) : null);
  if (!start) return;
  throw new UserError(
    `Cannot start from ${start.run}: tables that are spread over several machines start anew, or from a checkpoint of their own (--resume); ` +
      'use distributed.tables: replicated',
  );
}

/** An update has the requests of its days alone. */
async function requireStart(
  config: Config,
  { resume }: TrainOptions,
  { updateFrom }: Manifest,
): Promise<void> {
  if (!updateFrom) return;
  const folder = runFolder(config);
  if (resume && (hasCheckpoint(folder) || (await readStart(folder)))) return;
  throw new UserError(
    `Cannot train ${folder} from scratch: the prepared data has only the requests from ${updateFrom} on, which were added last; ` +
      'start from a run that knows those before (--from RUN)',
  );
}
