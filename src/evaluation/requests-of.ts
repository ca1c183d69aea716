/** Scored samples request by request. */
import type { ScoredSamples } from '../model/score-batches.js';

/** Places [start, end) of the samples of each request, in their order. */
export function* requestsOf({ request }: Pick<ScoredSamples, 'request'>): Generator<{
  readonly request: number;
  readonly start: number;
  readonly end: number;
}> {
  for (let start = 0; start < request.length; ) {
    let end = start + 1;
    while (end < request.length && request[end] === request[start]) end++;
    yield { request: request[start]!, start, end };
    start = end;
  }
}
