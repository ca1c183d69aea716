/**
 * What a transfer came to: a new task on a trained base by four strategies (table 4 and figure 4 of the paper),
 * as transfer.json has it.
 */
import type { AucMeasure } from '../common/auc-name.js';
import type { Strategy } from '../common/strategies.js';

/** One measurement of the new task on the evaluation period. */
export interface CurvePoint {
  /** Steps of this run. */
  readonly step: number;
  /** Training samples of the new task so far. */
  readonly samples: number;
  /** Spent on training, that of the base left out. */
  readonly seconds: number;
  /** AUC, or macro AUC of a task of several classes; in a mean curve the mean over the seeds, as with the rest. */
  readonly auc: number;
}

/** What a final AUC is of, and how far it is known. */
export interface Known {
  /** Of the evaluation part: those of the new task. */
  readonly samples: number;
  readonly requests: number;
  readonly users: number;
  /** Of the AUC, by resampling these users; null without a bootstrap (eval.bootstrapSamples). */
  readonly standardError: number | null;
}

/** One strategy at one fraction with one seed. */
export interface TransferRun {
  readonly seed: number;
  /** Its folder. */
  readonly run: string;
  /** AUC on the evaluation period at the weights that the validation part chose. */
  readonly final: number;
  /** The step of those weights. */
  readonly bestStep: number;
  /** Left out by earlier versions. */
  readonly known?: Known;
  /** Of the whole training. */
  readonly seconds: number;
  readonly curve: readonly CurvePoint[];
}

/** What it took to get somewhere: means over the seeds that got there. */
export interface Reached {
  readonly step: number;
  readonly samples: number;
  readonly seconds: number;
  /** How many got there. */
  readonly seeds: number;
}

export interface StrategyAtFraction {
  /** Of the training samples of the new task, in (0, 1]. */
  readonly fraction: number;
  /** Mean over the seeds of the AUC at the weights that the validation part chose. */
  readonly final: number;
  /** Sample standard deviation of it over the seeds; null of one seed. */
  readonly deviation: number | null;
  /** Mean over the seeds: of their first points, their second ones and so on, as far as every seed has one. */
  readonly curve: readonly CurvePoint[];
  /**
   * The first point of each seed's own curve at `aucTarget` of retrain-all's `final` at the same fraction; null: no seed
   * has one, no retrain-all, or one that is no better than chance.
   */
  readonly reached: Reached | null;
  readonly runs: readonly TransferRun[];
}

/** The numbers beside `fractions` are those of the largest fraction. */
export interface StrategyResult extends StrategyAtFraction {
  /** In rising order. */
  readonly fractions: readonly StrategyAtFraction[];
}

export interface TransferResult {
  readonly name: string;
  readonly folder: string;
  /** The new one. */
  readonly task: string;
  readonly measure: AucMeasure;
  readonly seeds: readonly number[];
  readonly fractions: readonly number[];
  /** Training samples of the new task at fraction 1. */
  readonly samples: number;
  /** What was transferred from, by seed. */
  readonly bases: readonly {
    readonly seed: number;
    readonly run: string;
    readonly seconds: number;
    readonly tasks: readonly string[];
  }[];
  /** In the order of STRATEGIES, without those that have no run. */
  readonly strategies: Readonly<Partial<Record<Strategy, StrategyResult>>>;
}
