/** The phases of preprocess as one bar, which DuckDB's own progress moves on while a statement runs. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Progress } from '../common/context.js';
import { whileRunning } from '../common/database.js';
import type { Config } from '../config/schema.js';
import { isPlacedInLog } from '../preprocess/labels/label-columns.js';
import { tasksWithComputedFeatures } from './ranking/computed-features.js';

/** Says that a phase has done so many of its steps; the bar moves within the next one by the statement that runs. */
export type Advance = (done: number, of: number) => void;

type Phase = keyof ReturnType<typeof sharesOf>;

export interface Phases {
  /** One after the other, in their order. */
  run<T>(name: Phase, work: (advance: Advance) => Promise<T>): Promise<T>;
  /** Runs statements one after the other, each a step. */
  sql(name: Phase, statements: readonly string[]): Promise<void>;
  /** The latest that was started. */
  current(): Phase;
  stop(): void;
}

/** In the units of the bar. */
const TOTAL = 100;

/**
 * How long the phases take, in proportion: about seconds for 3 million events with 8.5 million judged items on 2 cores. Those of
 * labels and of ranking features depend on the tasks most.
 */
function sharesOf(config: Config) {
  const derived = Object.values(config.tasks).filter(({ labels }) => labels);
  return {
    read: 20,
    labels: 1 + derived.reduce((sum, task) => sum + (isPlacedInLog(task) ? 15 : 3), 0),
    'items and contexts': 1,
    streams: 2,
    requests: 10,
    histories: 5,
    samples: 15,
    'ranking features': tasksWithComputedFeatures(config).length > 0 ? 120 : 0,
    vocabularies: 2,
    write: 50,
    checksums: 3,
    close: 5,
  };
}

export function startPhases(progress: Progress, connection: DuckDBConnection, config: Config): Phases {
  const shares = sharesOf(config);
  const sum = Object.values(shares).reduce((total, share) => total + share, 0);
  const bar = progress.start('preprocess', TOTAL);
  let begin = 0;
  let current: Phase = 'read';

  const run: Phases['run'] = async (name, work) => {
    current = name;
    const length = (TOTAL * shares[name]) / sum;
    // Until the first step is named, the bar stands still.
    let [step, steps, furthest] = [0, Number.POSITIVE_INFINITY, 0];
    let stepMs = performance.now();
    const show = (ofStep: number | null) => {
      furthest = Math.max(furthest, (step + (ofStep ?? 0)) / steps);
      // DuckDB's share may stand still for long: the seconds go on.
      const seconds = Math.floor((performance.now() - stepMs) / 1000);
      const statement = ofStep === null ? {} : { statement: `${seconds} s, ${Math.floor(100 * ofStep)} %` };
      bar.update(begin + length * Math.min(1, furthest), { phase: name, ...statement });
    };
    show(null);
    const result = await whileRunning(connection, show, () =>
      work((done, of) => {
        [step, steps, stepMs] = [done, of, performance.now()];
        show(null);
      }),
    );
    begin += length;
    bar.update(begin, { phase: name });
    return result;
  };

  return {
    run,
    sql: (name, statements) =>
      run(name, async (advance) => {
        for (const [at, statement] of statements.entries()) {
          advance(at, statements.length);
          await connection.run(statement);
        }
      }),
    current: () => current,
    stop: () => bar.stop(),
  };
}
