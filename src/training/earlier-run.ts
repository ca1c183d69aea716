/** The best weights of a run for another model, whose vocabularies may have grown since. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../common/errors.js';
import { recoverFolder } from '../common/files.js';
import { mapValues } from '../common/map-values.js';
import type { Manifest } from '../common/prepared.js';
import { bucketsOfNewRows, earlierVocabularies } from '../dataset/grown-rows.js';
import { type CarryOver, copyWeights, planCarryOver } from '../model/carry-over.js';
import {
  assertSameShape,
  type LoadedCheckpoint,
  type OpenCheckpoint,
  openCheckpoint,
} from '../model/checkpoint.js';
import { type FieldShape, fieldsOf, type ModelShape } from '../model/shape.js';
import { allVariables, emptyWeights, type ModelWeights } from '../model/weights.js';
import { requireUnlearned } from './learned-days.js';
import { runPaths } from './run-folder.js';
import type { TrainingState } from './training-state.js';

export type EarlierRun = OpenCheckpoint<TrainingState>;

/** The caller closes it. @throws UserError when the run has none */
export async function openBest(run: string): Promise<EarlierRun> {
  const checkpoint = join(run, runPaths.best);
  await recoverFolder(checkpoint);
  if (!existsSync(checkpoint)) {
    throw new UserError(
      `Cannot start from ${run}: expected trained weights in ${checkpoint}, got none; train it first`,
    );
  }
  return openCheckpoint<TrainingState>(checkpoint);
}

/**
 * Copies its weights into those of another model, which was made for the prepared data; a new row of a table starts where
 * its value stood before, in an out-of-vocabulary row.
 * @throws UserError when they do not fit (`planCarryOver`)
 */
export async function carryOver(
  base: EarlierRun,
  weights: ModelWeights,
  { manifest, preparedFolder }: { readonly manifest: Manifest; readonly preparedFolder: string },
): Promise<CarryOver> {
  const plan = planFrom(base, weights.shape, manifest);
  await copyWeights(base.weights, allVariables(weights), plan, (table, firstRow) =>
    bucketsOfNewRows(preparedFolder, manifest, table, firstRow),
  );
  return plan;
}

/**
 * Whether a model can start from a run, before anything is made for it.
 * @throws UserError as `carryOver`
 */
export async function checkEarlierRun(
  run: string,
  shape: ModelShape,
  manifest: Manifest,
): Promise<CarryOver> {
  const base = await openBest(run);
  await base.close();
  requireUnlearned({ folder: run, state: base.state }, manifest, 'learn');
  return planFrom(base, shape, manifest);
}

/** What goes over from a base into a model of another shape, made for the prepared data. */
export const planFrom = (
  base: Pick<EarlierRun, 'folder' | 'shape'>,
  shape: ModelShape,
  manifest: Manifest,
): CarryOver =>
  planCarryOver(base.shape, shape, {
    from: base.folder,
    earlier: (table) => earlierVocabularies(manifest, table),
  });

/**
 * The best weights of a run for the model of a config on prepared data, whose vocabularies may have grown since; the caller
 * disposes of them.
 * @throws UserError when the run is of another model, or of other prepared data
 */
export async function loadBest(
  run: string,
  shape: ModelShape,
  prepared: { readonly manifest: Manifest; readonly preparedFolder: string },
): Promise<LoadedCheckpoint<TrainingState>> {
  const base = await openBest(run);
  try {
    assertSameShape(base.folder, base.shape, beforeGrowth(shape, base.shape));
    // Negatives are undone as they were drawn for what the run has learned from.
    const weights = emptyWeights({ ...shape, tasks: base.shape.tasks });
    try {
      await carryOver(base, weights, prepared);
      return { weights, state: base.state };
    } catch (error) {
      weights.dispose();
      throw error;
    }
  } finally {
    await base.close();
  }
}

/** A shape with the vocabularies of a base, and what its data says of drawn negatives: what an update changes. */
function beforeGrowth(shape: ModelShape, base: ModelShape): ModelShape {
  const known = new Map(fieldsOf(base).map((field) => [field.table, field]));
  const before = (field: FieldShape): FieldShape => {
    const there = known.get(field.table);
    return there ? { ...field, rows: there.rows, vocabularyHash: there.vocabularyHash } : field;
  };
  return {
    ...shape,
    itemFields: shape.itemFields.map(before),
    propertyFields: shape.propertyFields.map(before),
    userFields: shape.userFields.map(before),
    queryField: shape.queryField && before(shape.queryField),
    entities: mapValues(shape.entities, (entity) => ({ ...entity, fields: entity.fields.map(before) })),
    tasks: mapValues(shape.tasks, (task, name) => ({
      ...task,
      drawCorrection: base.tasks[name]?.drawCorrection ?? task.drawCorrection,
    })),
  };
}
