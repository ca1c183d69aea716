/** The gates of one behaviour out of those of a batch. */
import type { InspectedBatch } from '../../model/inspect.js';
import type { Gates } from './insight.js';

export const gatesAt = (
  { input, forget, output }: NonNullable<InspectedBatch['gates']>,
  place: number,
): Gates => ({ input: input[place]!, forget: forget[place]!, output: output[place]! });
