/**
 * From the tables of a config to the prepared folder (docs/prepared-format.md): reads them into DuckDB, works the plan
 * out in SQL, writes files. The folder appears whole; an older one stays until then.
 */
import type { Context } from '../common/context.js';
import { openDatabase } from '../common/database.js';
import { UserError } from '../common/errors.js';
import { recoverFolder, replaceFolder, withWorkFolder } from '../common/files.js';
import type { Manifest } from '../common/prepared.js';
import { readManifest } from '../common/read-manifest.js';
import type { Config } from '../config/schema.js';
import type { Carried, Carry } from './carried.js';
import { checkCarried } from './check-carried.js';
import { explainLimits } from './out-of-limits.js';
import { startPhases } from './phases.js';
import { prepare } from './prepare.js';
import { checkPattern } from './query-words.js';
import { keepRejects, readTables, sparkLog } from './read-inputs.js';
import { carriedFrom, isUnchanged } from './reuse.js';
import { areUnchanged } from './spark/are-unchanged.js';
import { openUpdate, summariseUpdate, type UpdateSummary } from './update.js';

export interface PreprocessInput {
  readonly config: Config;
  /** The prepared folder to write. */
  readonly folder: string;
  /** Does it again even where nothing has changed. */
  readonly force: boolean;
  /** Adds the days that follow what the folder holds; makes it, with its log kept for that, where there is none or with `force`. */
  readonly update?: boolean;
  /** An earlier prepared folder whose encoding is carried on, of a first preparation. */
  readonly carry?: Carry | undefined;
  readonly context: Context;
}

export interface PreprocessResult {
  readonly folder: string;
  /** Nothing had changed, and nothing was done. */
  readonly skipped: boolean;
  readonly seconds: number;
  readonly manifest: Manifest;
  /** What was added to a folder that was there. */
  readonly update: UpdateSummary | null;
}

export async function preprocess(input: PreprocessInput): Promise<PreprocessResult> {
  const startMs = performance.now();
  const { config, folder, force, context } = input;
  await recoverFolder(folder);
  const done = (manifest: Manifest, more: Partial<PreprocessResult> = {}): PreprocessResult => {
    const seconds = (performance.now() - startMs) / 1000;
    return { folder, skipped: false, seconds, manifest, update: null, ...more };
  };
  const update = input.update && !force ? await openUpdate(config, folder) : null;
  const carried = update?.carried ?? (await openCarried(input));
  if (!update && !force) {
    const existing = await findUnchanged(input, carried);
    if (existing) return done(existing, { skipped: true });
  }
  // One preprocess at a time works on a folder: what an earlier one left is removed.
  return withWorkFolder(folder, async (work) => {
    const database = await openDatabase(work, config.preprocess);
    const { connection } = database;
    const phases = startPhases(context.progress, connection, config);
    try {
      await checkPattern(connection, config);
      const read = await phases.run('read', (advance) =>
        readTables(input, connection, { work, update, advance }),
      );
      if (!read) return done(update!.carried.manifest, { skipped: true });
      let manifest: Manifest | undefined;
      await replaceFolder(folder, async (target) => {
        await keepRejects(folder, target);
        const plan = { config, read, carried, update, keepsLog: input.update === true, work, context };
        manifest = await prepare(connection, plan, target, phases);
      });
      return done(manifest!, { update: update && summariseUpdate(update.carried.manifest, manifest!) });
    } catch (error) {
      throw await explainLimits(error, { phase: phases.current(), work, limits: config.preprocess });
    } finally {
      await phases.run('close', async () => database.close()).finally(phases.stop);
    }
  });
}

async function openCarried({ config, carry }: PreprocessInput): Promise<Carried | null> {
  if (!carry) return null;
  const manifest = readManifest(carry.folder);
  if (!manifest) {
    throw new UserError(`Cannot carry on an encoding: expected prepared data in ${carry.folder}, got none`);
  }
  const carried = { ...carry, manifest, isUpdate: false };
  await checkCarried(config, carried);
  return carried;
}

/**
 * The manifest of what a new run would write again.
 * @throws UserError where it would write something else in the place of a folder that is updated
 */
async function findUnchanged({ config, folder, context }: PreprocessInput, carried: Carried | null) {
  const manifest = readManifest(folder);
  if (!manifest) return null;
  const look = (inputs: Manifest['inputs']) => areUnchanged(config, inputs, sparkLog(folder), context);
  if (await isUnchanged(config, folder, manifest, carried ? carriedFrom(carried) : undefined, look))
    return manifest;
  if (manifest.carried && !carried) {
    throw new UserError(
      `Cannot prepare ${folder} from the start: it carries on the vocabularies of ${manifest.carried.name}, which models were trained on\n` +
        '  call what made it again (dupn transfer), or give them up by --force',
    );
  }
  if (!manifest.keptLog) return null;
  throw new UserError(
    `Cannot prepare ${folder} from the start: it is kept for updates, and reaches to ${manifest.coveredTo}\n` +
      '  add what is new by `dupn preprocess --update`, or give up what it holds by --force',
  );
}
