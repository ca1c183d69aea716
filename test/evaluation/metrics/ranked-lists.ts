/** Random short lists with ties, which a definition over all orders can go through. */
import fc from 'fast-check';

interface Candidate {
  readonly score: number;
  readonly label: number;
}

/** Up to seven candidates of few scores. */
export const shortLists = fc.array(
  fc.record({ score: fc.constantFrom(-1, -0, 0, 0.5, 2), label: fc.integer({ min: 0, max: 1 }) }),
  { maxLength: 7 },
);

/** By rising score, as the metrics take them. */
export function rankedList(candidates: readonly Candidate[]) {
  const sorted = [...candidates].sort((a, b) => a.score - b.score);
  return {
    scores: Float32Array.from(sorted, ({ score }) => score),
    labels: Float32Array.from(sorted, ({ label }) => label),
  };
}
