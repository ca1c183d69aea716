/** The thread of a model: its weights, and TensorFlow at work on them. */
import { parentPort, workerData } from 'node:worker_threads';
import { UserError } from '../common/errors.js';
import { fileSha256 } from '../common/files.js';
import { tf } from '../engine/tf.js';
import { statesOfBatch } from '../model/known-states.js';
import { representBatch } from '../model/represent.js';
import { readSafetensors } from '../model/safetensors.js';
import { scoreBatch } from '../model/score.js';
import { representationUnits } from '../model/shape.js';
import { allVariables, emptyWeights, type ModelWeights } from '../model/weights.js';
import type { FromModel, ModelInput, ModelTask, ToModel, Values } from './model-messages.js';

const port = parentPort!;
const { path, sha256, shape } = workerData as ModelInput;
const weights = emptyWeights(shape);
await readSafetensors(path, allVariables(weights));
// After they were read: a folder that was swapped since it was opened has others.
if ((await fileSha256(path)) !== sha256)
  throw new UserError(`Cannot read ${path}: it changed while it was opened; reload once more`);

const say = (message: FromModel) => port.postMessage(message);

port.on('message', (message: ToModel) => {
  if (message === 'end') {
    weights.dispose();
    port.close();
    return;
  }
  const { id, task } = message;
  try {
    say({ type: 'values', id, values: work(weights, task) });
  } catch (error) {
    say({ type: 'error', id, error });
  }
});
say({ type: 'ready' });

function work(weights: ModelWeights, task: ModelTask): Values {
  switch (task.type) {
    case 'states':
      return { states: statesOfBatch(weights, task.batch) };
    case 'represent':
      return { represent: representBatch(weights, task.batch, task.query, task.states) };
    case 'score': {
      const { batch, states, representations } = task;
      const units = representationUnits(shape);
      const stored = representations && (() => tf.tensor2d(representations, [batch.lengths.length, units]));
      return scoreBatch(weights, batch, { states, ...(stored && { stored }) });
    }
  }
}
