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
      const found = recordOf(line);
      if (!found) break;
      const { type, ...record } = found;
      if (type === 'train') training.add(record as LearningRecord);
      if (type === 'validation') validation.push(record as LearningRecord);
    }
  }
  return { training: training.points(), validation };
}

/** Null of half a line, which a full disk leaves at the end. */
function recordOf(line: string): ({ readonly type: string } & LearningRecord) | null {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/** Of records that follow one another. */
interface Sums {
  readonly records: number;
  /** Of the last record. */
  readonly step: number;
  readonly epoch: number;
  /** Of the records that have the number. */
  readonly byName: ReadonlyMap<string, { readonly sum: number; readonly count: number }>;
}

/** Means of 1, 2, 4, ... records each, so many that they are at most MOST_POINTS. */
class Thinned {
  #points: Sums[] = [];
  #running: Sums | null = null;
  #each = 1;

  add(record: LearningRecord): void {
    const sums = sumsOf(record);
    this.#running = this.#running ? joined(this.#running, sums) : sums;
    if (this.#running.records < this.#each) return;
    this.#points.push(this.#running);
    this.#running = null;
    if (this.#points.length < MOST_POINTS) return;
    this.#each *= 2;
    this.#points = Array.from({ length: MOST_POINTS / 2 }, (_, at) =>
      joined(this.#points[2 * at]!, this.#points[2 * at + 1]!),
    );
  }

  points(): readonly LearningRecord[] {
    return [...this.#points, ...(this.#running ? [this.#running] : [])].map(meanOf);
  }
}

function sumsOf({ step, epoch, ...numbers }: LearningRecord): Sums {
  const known = Object.entries(numbers).flatMap(([name, sum]) =>
    sum === null ? [] : [[name, { sum, count: 1 }] as const],
  );
  return { records: 1, step, epoch, byName: new Map(known) };
}

function joined(before: Sums, { records, step, epoch, byName }: Sums): Sums {
  const all = new Map(before.byName);
  for (const [name, { sum, count }] of byName) {
    const other = all.get(name);
    all.set(name, other ? { sum: other.sum + sum, count: other.count + count } : { sum, count });
  }
  return { records: before.records + records, step, epoch, byName: all };
}

/** A number that some records lack is the mean of the others, one that all lack is left out. */
function meanOf({ step, epoch, byName }: Sums): LearningRecord {
  const means = [...byName].map(([name, { sum, count }]) => [name, sum / count]);
  return { ...Object.fromEntries(means), step, epoch };
}
