import type { AttentionInputs } from '../../src/engine/attention.js';

/** The definition in plain numbers: weights and representation of each query. */
export function attentionByHand({ states, keys, queries, requestOf, score, lengths }: AttentionInputs) {
  const [h, k, v] = [states.arraySync(), keys.arraySync(), score.arraySync()];
  const q = queries?.arraySync() ?? null;
  const rows = requestOf ? [...requestOf] : [...lengths.keys()];
  return rows.map((row, at) => {
    const scores = Array.from({ length: lengths[row]! }, (_, t) =>
      k[t]![row]!.reduce(
        (sum, key, unit) => sum + Math.tanh(key + (q ? q[at]![unit]! : 0)) * v[unit]![0]!,
        0,
      ),
    );
    const total = scores.reduce((sum, s) => sum + Math.exp(s), 0);
    const weights = Array.from({ length: h.length }, (_, t) =>
      t < scores.length ? Math.exp(scores[t]!) / total : 0,
    );
    const rep = Array.from({ length: h[0]![0]!.length }, (_, unit) =>
      weights.reduce((sum, w, t) => sum + w * h[t]![row]![unit]!, 0),
    );
    return { weights, rep };
  });
}
