/** A request and what a task judges of it, encoded together. */
import type { AskedRequest } from './encoded.js';
import type { Encoder } from './encoder.js';
import type { RawRequest, RawSample } from './raw-request.js';

export function encodedAsk(
  encoder: Encoder,
  task: string,
  request: RawRequest,
  samples: readonly RawSample[],
): AskedRequest {
  const seconds = Math.floor(request.timeUs / 1_000_000);
  return {
    request: encoder.request(request),
    tasks: { [task]: samples.map((sample) => encoder.sample(task, sample, seconds)) },
  };
}
