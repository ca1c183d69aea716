/** Adagrad for rows of tables that other processes hold. */
import type { RowExchange } from '../distributed/row-exchange.js';
import type { RowGradients } from '../distributed/sum-rows.js';
import { ADAGRAD_EPSILON, type Optimizer } from './optimizer.js';

/** One update of the rows of each table; `norm` is the global norm of all gradients, for clipping. */
export async function updateElsewhere(
  update: NonNullable<RowExchange['update']>,
  rows: Readonly<Record<string, RowGradients>>,
  optimizer: Optimizer,
  norm: number,
  factorOf: (weight: string) => number,
): Promise<void> {
  const factor = optimizer.clipFactor(norm);
  await Promise.all(
    Object.entries(rows).map(([table, { indices, gradient }]) => {
      const scaled = factor === 1 ? gradient : gradient.map((value) => value * factor);
      const rate = optimizer.tableRate(factorOf(table));
      return update(table, { indices, gradient: scaled }, { rate, epsilon: ADAGRAD_EPSILON });
    }),
  );
}
