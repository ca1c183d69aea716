/** The samples of the tasks that a request asks for. */
import { attributesOf, type CellColumns, idText } from '../delivery/cells.js';
import type { EncodedSample } from '../delivery/encoded.js';
import type { EncodingModel } from '../delivery/open-model.js';
import type { RawSample } from '../delivery/raw-request.js';
import type { CandidateBody, ScoreBody } from './ask-body.js';
import { RequestError } from './request-error.js';

/**
 * Task -> its samples, one of a task about the user alone, else one for each candidate.
 * @throws RequestError for a task that the model does not have, and for what it lacks; Unfit for attributes that it cannot read
 */
export function encodeSamples(
  model: EncodingModel,
  columns: CellColumns,
  { tasks, candidates = {} }: Pick<ScoreBody, 'tasks' | 'candidates'>,
  atSeconds: number,
): Record<string, readonly EncodedSample[]> {
  const { shape } = model.weights;
  const encoded: Record<string, readonly EncodedSample[]> = {};
  for (const task of tasks) {
    if (!Object.hasOwn(shape.tasks, task)) {
      const known = Object.keys(shape.tasks).join(', ');
      throw new RequestError(400, `expected tasks of the model (${known}), got ${task}`);
    }
    const raw = rawSamples(model, columns, task, candidates);
    encoded[task] = raw.map((sample) => model.encoder.sample(task, sample, atSeconds));
  }
  return encoded;
}

function rawSamples(
  { config, weights }: EncodingModel,
  columns: CellColumns,
  task: string,
  candidates: NonNullable<ScoreBody['candidates']>,
): RawSample[] {
  const settings = config.tasks[task]!;
  if (settings.kind === 'multiclass') return [{ candidate: null, features: {} }];
  const judged = settings.candidate;
  if (!Object.hasOwn(candidates, judged)) {
    throw new RequestError(
      400,
      `expected candidates.${judged}, which ${task} judges, got ${Object.keys(candidates).join(', ') || 'none'}`,
    );
  }
  // The first is the constant.
  const needed = weights.shape.tasks[task]!.features.slice(1).map(({ name }) => name);
  return candidates[judged]!.map((given) => {
    const {
      id: text,
      attributes,
      features = {},
    }: CandidateBody = typeof given === 'string' ? { id: given } : given;
    const id = idText(text, columns);
    for (const name of needed) {
      if (Object.hasOwn(features, name)) continue;
      throw new RequestError(
        400,
        `expected the feature ${name} of the candidate ${id}, which ${task} reads, or null where it is missing, got nothing`,
      );
    }
    const candidate = attributes ? { id, attributes: attributesOf(attributes, columns) } : { id };
    return { candidate, features };
  });
}
