/**
 * Golden requests: some of the requests that a model is measured on, as raw values, with the logits that the evaluation gives
 * them. Who opens a bundle can ask them again, so that training and serving cannot drift apart.
 */
import { UserError } from '../common/errors.js';
import { encodedAsk } from './ask.js';
import type { AskedRequest } from './encoded.js';
import type { EncodingModel, OpenModel } from './open-model.js';
import type { RawRequest, RawSample } from './raw-request.js';
import { scoreRequests } from './score-requests.js';

export interface GoldenRequest {
  readonly request: RawRequest;
  /** Task -> its samples, with the logits of each. */
  readonly tasks: Readonly<Record<string, readonly (RawSample & { readonly logits: readonly number[] })[]>>;
}

/** What other sizes of batches, and other processors, may change. */
const TOLERANCE = 1e-4;

export interface GoldenCheck {
  readonly requests: number;
  readonly samples: number;
  /** Largest difference of a logit, as a share of it where it is larger than 1. */
  readonly difference: number;
}

/** Logits of the data of all samples of a task, row by row, [samples, outputs]. */
export type ScoreTask = (task: string, asked: readonly AskedRequest[]) => Promise<Float32Array>;

/** By the weights of the model itself. */
export const scoreBy =
  ({ weights }: OpenModel): ScoreTask =>
  async (task, asked) =>
    scoreRequests(weights, task, asked);

/** @throws UserError when `score` says something else; `name` names the model in the message */
export async function checkGolden(
  model: EncodingModel,
  golden: readonly GoldenRequest[],
  name: string,
  score: ScoreTask,
): Promise<GoldenCheck> {
  let samples = 0;
  let difference = 0;
  for (const task of Object.keys(model.weights.shape.tasks)) {
    const asking = golden.filter(({ tasks }) => tasks[task]);
    const asked = asking.map(({ request, tasks }) => encodedAsk(model.encoder, task, request, tasks[task]!));
    const expected = asking.flatMap(({ tasks }) => tasks[task]!.flatMap(({ logits }) => logits));
    const got = await score(task, asked);
    for (const [at, logit] of expected.entries()) {
      const off = Math.abs(got[at]! - logit) / Math.max(1, Math.abs(logit));
      // Not a number is no agreement.
      if (!(off <= TOLERANCE)) {
        throw new UserError(
          `Cannot use ${name}: its golden prediction ${at} of ${task} should have the logit ${logit}, got ${got[at]}; export it again`,
        );
      }
      difference = Math.max(difference, off);
    }
    samples += asking.reduce((sum, { tasks }) => sum + tasks[task]!.length, 0);
  }
  return { requests: golden.length, samples, difference };
}
