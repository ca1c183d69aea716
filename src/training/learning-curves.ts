/** What metrics.jsonl of a run says of its learning, thinned for pictures. */
import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { LearningCurves, LearningRecord } from '../common/learning-curves.js';
import { runPaths } from './run-folder.js';

/** Points of a curve, at most. */
const MOST_POINTS = 200;

/** Empty for a run without the file. */
export async function readLearningCurves(runFolder: string): Promise<LearningCurves> {
  const path = join(runFolder, runPaths.metrics);
  const training = new Thinned();
  const validation: LearningRecord[] = [];
  if (existsSync(path)) {
    for await (const line of createInterface({ input: createReadStream(path) })) {
      const { type, ...record } = JSON.parse(line) as { type: string } & LearningRecord;
      if (type === 'train') training.add(record as LearningRecord);
      if (type === 'validation') validation.push(record as LearningRecord);
    }
  }
  return { training: training.points(), validation };
}

/** Means of 1, 2, 4, ... records each, so many that they are at most MOST_POINTS. */
class Thinned {
  #points: LearningRecord[] = [];
  #running: LearningRecord[] = [];
  #each = 1;

  add(record: LearningRecord): void {
    this.#running.push(record);
    if (this.#running.length < this.#each) return;
    this.#points.push(meanOf(this.#running));
    this.#running = [];
    if (this.#points.length < MOST_POINTS) return;
    this.#each *= 2;
    this.#points = Array.from({ length: MOST_POINTS / 2 }, (_, at) =>
      meanOf(this.#points.slice(2 * at, 2 * at + 2)),
    );
  }

  points(): readonly LearningRecord[] {
    return this.#running.length > 0 ? [...this.#points, meanOf(this.#running)] : this.#points;
  }
}

/** Step and epoch are those of the last record; a number that some lack is the mean of the others. */
function meanOf(records: readonly LearningRecord[]): LearningRecord {
  const names = new Set(records.flatMap((record) => Object.keys(record)));
  const means = [...names].map((name) => {
    const values = records.flatMap((record) => record[name] ?? []);
    return [name, values.reduce((sum, value) => sum + value, 0) / values.length];
  });
  const { step, epoch } = records.at(-1)!;
  return { ...Object.fromEntries(means), step, epoch };
}
