/** The one metric of a task that models are chosen by: AUC, or macro AUC of several classes; in bounded memory. */

import { logProbabilities } from '../model/probabilities.js';
import type { ScoredSamples } from '../model/score-batches.js';
import { aucErrorByChance, GroupAreas } from './metrics/auc.js';
import { macroAuc } from './metrics/macro-auc.js';
import { addRanked } from './resample.js';
import { newRows } from './scores/sample-rows.js';
import { ScoreSorter, type SorterOptions } from './scores/score-sorter.js';

export interface Area {
  /** In [0, 1]. */
  readonly value: number;
  /** Standard error of an area by chance, of as many samples that are independent: how sure a task of this size can be. */
  readonly errorByChance: number;
}

export class TaskArea {
  readonly name: 'auc' | 'macroAuc';
  readonly #sorters: readonly ScoreSorter[];
  /** Samples by what they are a positive of; of one logit, the negatives first. */
  readonly #counts: number[];

  /** `outputs`: logits of a sample. */
  constructor(outputs: number, { folder, name }: Pick<SorterOptions, 'folder' | 'name'>) {
    this.name = outputs === 1 ? 'auc' : 'macroAuc';
    this.#sorters = Array.from(
      { length: outputs },
      (_, k) => new ScoreSorter({ folder, name: `${name}-${k}`, columns: 0 }),
    );
    this.#counts = new Array<number>(Math.max(2, outputs)).fill(0);
  }

  add({ logits, outputs, label, weight }: Omit<ScoredSamples, 'task' | 'request' | 'sample'>): void {
    const values = outputs === 1 ? logits : logProbabilities({ scores: logits, classes: outputs });
    const rows = newRows(label.length, 0);
    rows.weights.set(weight);
    for (const k of label) this.#counts[k]!++;
    for (const [k, sorter] of this.#sorters.entries()) {
      const positive = outputs === 1 ? 1 : k;
      for (let at = 0; at < label.length; at++) {
        rows.scores[at] = values[at * outputs + k]!;
        rows.positives[at] = label[at] === positive ? 1 : 0;
      }
      sorter.add(rows);
    }
  }

  /** Null where the samples have one kind of label. */
  async area(): Promise<Area | null> {
    const areas: (number | null)[] = [];
    for (const sorter of this.#sorters) {
      const ranked = new GroupAreas(1);
      await addRanked(sorter, ranked, null);
      areas.push(ranked.area(0));
    }
    const value = macroAuc(areas);
    return value === null ? null : { value, errorByChance: this.#errorByChance() };
  }

  /** Of one area, or of the mean of those of the classes that have samples. */
  #errorByChance(): number {
    const all = this.#counts.reduce((sum, count) => sum + count, 0);
    const met = this.#sorters.length === 1 ? [this.#counts[1]!] : this.#counts.filter((count) => count > 0);
    return Math.hypot(...met.map((count) => aucErrorByChance(count, all - count))) / met.length;
  }

  /** Removes the temporary files. */
  close(): void {
    for (const sorter of this.#sorters) sorter.close();
  }
}
