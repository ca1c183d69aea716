/** The one metric of a task that models are chosen by: AUC, or macro AUC of several classes; in bounded memory. */

import { logProbabilities } from '../model/probabilities.js';
import type { ScoredSamples } from '../model/score-batches.js';
import { GroupAreas } from './metrics/auc.js';
import { macroAuc } from './metrics/macro-auc.js';
import { addRanked } from './resample.js';
import { newRows } from './scores/sample-rows.js';
import { ScoreSorter, type SorterOptions } from './scores/score-sorter.js';

export class TaskArea {
  readonly name: 'auc' | 'macroAuc';
  readonly #sorters: readonly ScoreSorter[];

  /** `outputs`: logits of a sample. */
  constructor(outputs: number, { folder, name }: Pick<SorterOptions, 'folder' | 'name'>) {
    this.name = outputs === 1 ? 'auc' : 'macroAuc';
    this.#sorters = Array.from(
      { length: outputs },
      (_, k) => new ScoreSorter({ folder, name: `${name}-${k}`, columns: 0 }),
    );
  }

  add({ logits, outputs, label, weight }: Omit<ScoredSamples, 'task' | 'request' | 'sample'>): void {
    const values = outputs === 1 ? logits : logProbabilities({ scores: logits, classes: outputs });
    const rows = newRows(label.length, 0);
    rows.weights.set(weight);
    for (const [k, sorter] of this.#sorters.entries()) {
      const positive = outputs === 1 ? 1 : k;
      for (let at = 0; at < label.length; at++) {
        rows.scores[at] = values[at * outputs + k]!;
        rows.positives[at] = label[at] === positive ? 1 : 0;
      }
      sorter.add(rows);
    }
  }

  /** In [0, 1]; null where the samples have one kind of label. */
  async value(): Promise<number | null> {
    const areas: (number | null)[] = [];
    for (const sorter of this.#sorters) {
      const ranked = new GroupAreas(1);
      await addRanked(sorter, ranked, null);
      areas.push(ranked.area(0));
    }
    return macroAuc(areas);
  }

  /** Removes the temporary files. */
  close(): void {
    for (const sorter of this.#sorters) sorter.close();
  }
}
