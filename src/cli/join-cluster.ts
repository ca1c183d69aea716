/** How the processes of a cluster come together for a run, whose folder the first one opens for all. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Context, silentContext } from '../common/context.js';
import { endAtOnce } from '../common/end-at-once.js';
import { UserError } from '../common/errors.js';
import { putRight } from '../common/interrupted.js';
import type { LostCluster } from '../common/lost-cluster.js';
import { printableLines } from '../common/printable.js';
import { describeDifference } from '../config/prepared-slice.js';
import type { Config } from '../config/schema.js';
import { type Cluster, describeMember } from '../distributed/cluster.js';
import { Collectives } from '../distributed/collectives.js';
import { Servers } from '../distributed/servers.js';
import { type ModelShape, modelShape } from '../model/shape.js';
import { asynchronousTeam } from '../training/asynchronous-team.js';
import { clusterTeam } from '../training/cluster-team.js';
import { preparedKey } from '../training/prepared-key.js';
import { serverTables } from '../training/server-tables.js';
import { replicatedTables, type SharedTables, shardedTables } from '../training/shared-tables.js';
import type { Team } from '../training/team.js';
import { type OpenRun, openRun, runFolder } from './open-run.js';
import type { Prepared } from './require-prepared.js';
import { version } from './version.js';

export interface JoinedCluster {
  readonly team: Team;
  /** Opens the run on the first process; the others see its folder. */
  open(options: { readonly resume: boolean; readonly force: boolean }): Promise<OpenRun>;
  /** Before all processes end. */
  leave(): Promise<void>;
  /** Before this one ends by a fault. */
  farewell(): Promise<void>;
}

/** A folder on a file system of several machines may take some time to be seen by all. */
const SEEN_WITHIN_MS = 60_000;

/** An end in good order takes less. */
const END_WITHIN_MS = 5000;

/** What a process may have of its own. */
const MAY_DIFFER = ['data.root', 'preprocess.', 'run.folder', 'run.resume'];

/**
 * Waits for all processes of the cluster.
 * @throws LostCluster when some do not come, and UserError when they would not train the same
 */
export async function joinCluster(
  cluster: Cluster,
  config: Config,
  { manifest }: Prepared,
  { logger }: Context,
): Promise<JoinedCluster> {
  const { members, rank } = cluster;
  const name = members[rank]!.name;
  logger.info({ process: name, of: members.length }, 'waiting for the other processes');
  const collectives = await Collectives.join(cluster, config.distributed);
  const own = { version: version(), prepared: preparedKey(manifest), config };
  try {
    await checkSame(collectives, cluster, own);
    const { tables, team } = await teamOf(collectives, cluster, config, modelShape(config, manifest));
    return {
      team,
      open: (options) => openForAll(collectives, cluster, config, options),
      async leave() {
        await tables.close();
        await collectives.leave();
      },
      farewell: () => collectives.farewell(),
    };
  } catch (error) {
    await collectives.farewell();
    throw error;
  }
}

async function teamOf(
  collectives: Collectives,
  cluster: Cluster,
  { distributed, model }: Config,
  shape: ModelShape,
): Promise<{ readonly tables: SharedTables; readonly team: Team }> {
  const synchronous = (tables: SharedTables) => ({ tables, team: clusterTeam(collectives, tables) });
  if (distributed.tables === 'replicated') return synchronous(replicatedTables(collectives, shape));
  if (distributed.tables === 'sharded') return synchronous(shardedTables(collectives, shape));
  if (model.itemEmbeddings === 'word2vec' || model.queryEmbeddings === 'word2vec') {
    throw new UserError(
      'Cannot train with tables on servers: they start as random numbers, and word2vec is asked for; use distributed.tables: sharded',
    );
  }
  const servers = await collectives.firstThenOthers(() => Servers.connect(cluster, distributed, endSoon));
  const tables = serverTables(collectives, servers, shape);
  if (distributed.steps === 'synchronous') return synchronous(tables);
  return { tables, team: asynchronousTeam(collectives, servers, tables) };
}

/** Where an end in good order waits for a file, and so for a thread that none of the calls to a frozen server gives back. */
function endSoon({ message, exitCode }: LostCluster): void {
  setTimeout(() => {
    putRight();
    process.stderr.write(`${printableLines(message)}\n`);
    endAtOnce(exitCode);
  }, END_WITHIN_MS).unref();
}

/** @throws UserError where tables are on servers that are not there, or servers are there for nothing */
export function checkServers({ servers }: Pick<Cluster, 'servers'>, { distributed }: Config): void {
  if (distributed.tables === 'servers' && servers.length === 0) {
    throw new UserError(
      'Cannot train with distributed.tables: servers: expected parameter servers (ps) in TF_CONFIG, got none',
    );
  }
  if (distributed.tables !== 'servers' && servers.length > 0) {
    throw new UserError(
      `Cannot train with ${servers.length} parameter servers (ps): expected distributed.tables: servers, got ${distributed.tables}`,
    );
  }
}

interface Same {
  readonly version: string;
  readonly prepared: string;
  readonly config: Config;
}

/** @throws UserError that names the first process that differs from the chief, on all */
async function checkSame(collectives: Collectives, cluster: Cluster, own: Same): Promise<void> {
  const [chief, ...others] = (await collectives.gatherTexts(JSON.stringify(own))).map(
    (text) => JSON.parse(text) as Same,
  );
  for (const [at, other] of others.entries()) {
    const differences = [
      ...(other.version === chief!.version ? [] : [`dupn: ${chief!.version} there, ${other.version} here`]),
      ...describeDifference(chief!.config, other.config).filter(
        (line) => !MAY_DIFFER.some((key) => line.startsWith(key)),
      ),
      ...(other.prepared === chief!.prepared ? [] : ['the prepared data: expected the same files']),
    ];
    if (differences.length === 0) continue;
    throw new UserError(
      `Cannot train together: ${describeMember(cluster, at + 1)} has not the same as ${describeMember(cluster, 0)}\n  ${differences.join('\n  ')}`,
    );
  }
}

/** @throws UserError on all processes where the chief cannot open it, or some do not see its folder */
async function openForAll(
  collectives: Collectives,
  cluster: Cluster,
  config: Config,
  options: { readonly resume: boolean; readonly force: boolean },
): Promise<OpenRun> {
  const folder = runFolder(config);
  const isChief = cluster.rank === 0;
  const opening = isChief ? openRun(config, options).catch(userError) : null;
  const opened = await collectives.during(opening);
  const [refused] = await collectives.gatherTexts(opened instanceof UserError ? opened.message : '');
  if (opened instanceof UserError) throw opened;
  if (refused) throw new UserError(`Cannot train together: ${describeMember(cluster, 0)} says:\n${refused}`);
  const run = opened ?? { folder, lock: { release: async () => {} } };
  const [token] = await collectives.gatherTexts(isChief ? `.seen-${randomUUID()}` : '');
  const path = join(folder, token!);
  try {
    // NFS remembers for a while what was looked for too early, and not there.
    await collectives.during(isChief ? writeFile(path, '') : null);
    await collectives.during(isChief ? null : seen(path));
    const missing = (await collectives.gatherTexts(existsSync(path) ? '' : 'missing')).indexOf('missing');
    if (missing < 0) return run;
    throw new UserError(
      `Cannot train together: required a run folder on a file system that all processes share, but ${describeMember(cluster, missing)} ` +
        `does not see what ${describeMember(cluster, 0)} writes to ${folder} (run.folder)`,
    );
  } catch (error) {
    await run.lock.release();
    throw error;
  } finally {
    if (isChief) await rm(path, { force: true });
  }
}

function userError(error: unknown): UserError {
  if (error instanceof UserError) return error;
  throw error;
}

async function seen(path: string): Promise<void> {
  const endMs = performance.now() + SEEN_WITHIN_MS;
  while (!existsSync(path) && performance.now() < endMs) await pause(100);
}

/** Of a process beside the chief: its warnings alone. */
export const memberContext = ({ logger }: Context): Context => ({
  ...silentContext,
  logger: { ...silentContext.logger, warn: logger.warn, error: logger.error },
});
