/** The property gated LSTM in plain numbers. */
import type { Histories, RecurrenceWeights } from '../../src/engine/recurrence.js';

export const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

export interface ByHand {
  /** [time, batch, units] */
  readonly h: number[][][];
  /** The gates i, f and o, [time, batch, 3, units] */
  readonly gates: number[][][][];
}

/** The equations of the paper in plain numbers, one request at a time. */
export function byHand({
  histories,
  weights,
}: {
  readonly histories: Histories;
  readonly weights: RecurrenceWeights;
}): ByHand {
  const [items, properties] = [histories.items.arraySync(), histories.properties?.arraySync()];
  const [itemAt, propertyAt] = [histories.itemAt.arraySync(), histories.propertyAt.arraySync()];
  const [we, wp, wh, b] = [
    weights.item.arraySync(),
    weights.property?.arraySync(),
    weights.recurrent.arraySync(),
    weights.bias.arraySync(),
  ];
  const units = wh.length;
  const see = weights.peephole?.arraySync() ?? [0, 0, 0].map(() => new Array<number>(units).fill(0));
  return itemAt
    .map((_, t) => t)
    .reduce<ByHand & { c: number[][] }>(
      (state, t) => {
        const h: number[][] = [];
        const gates: number[][][] = [];
        const c: number[][] = [];
        for (let r = 0; r < itemAt[0]!.length; r++) {
          const e = items[itemAt[t]![r]!]!;
          const p = wp ? properties![propertyAt[t]![r]!]! : [];
          const last = t > 0 ? state.h[t - 1]![r]! : new Array<number>(units).fill(0);
          const lastC = state.c[r] ?? new Array<number>(units).fill(0);
          const sum = (x: readonly number[], w: readonly number[][], column: number) =>
            x.reduce((total, value, row) => total + value * w[row]![column]!, 0);
          const z = (block: number, unit: number, gate: boolean) => {
            const column = block * units + unit;
            return (
              sum(e, we, column) + sum(last, wh, column) + (gate && wp ? sum(p, wp, column) : 0) + b[column]!
            );
          };
          h.push([]);
          c.push([]);
          gates.push([[], [], []]);
          for (let unit = 0; unit < units; unit++) {
            const i = sigmoid(z(0, unit, true) + see[0]![unit]! * lastC[unit]!);
            const f = sigmoid(z(1, unit, true) + see[1]![unit]! * lastC[unit]!);
            const candidate = Math.tanh(z(2, unit, false));
            c[r]!.push(f * lastC[unit]! + i * candidate);
            const o = sigmoid(z(3, unit, true) + see[2]![unit]! * c[r]![unit]!);
            h[r]!.push(o * Math.tanh(c[r]![unit]!));
            for (const [gate, activation] of [i, f, o].entries()) gates[r]![gate]!.push(activation);
          }
        }
        return { h: [...state.h, h], gates: [...state.gates, gates], c };
      },
      { h: [], gates: [], c: [] },
    );
}
