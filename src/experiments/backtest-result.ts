/** What a backtest came to: models on the days of a log, each measured before anything has learned the day. */
import type { AucMeasure } from '../common/auc-name.js';
import type { BacktestModel } from '../common/backtest-models.js';

/** One model on one day. */
export interface DayOfModel {
  /** Folder of the run that was measured. */
  readonly run: string;
  /** Task -> what `measures` says of it; null where the day has samples of one class only. */
  readonly auc: Readonly<Record<string, number | null>>;
  /** What it took to have the model ready for this day; 0 where it is one of an earlier day. */
  readonly preprocessSeconds: number;
  readonly trainingSeconds: number;
}

export interface BacktestDay {
  /** YYYY-MM-DD, in data.timeZone. */
  readonly day: string;
  /** Task -> samples. */
  readonly samples: Readonly<Record<string, number>>;
  readonly models: Readonly<Partial<Record<BacktestModel, DayOfModel>>>;
}

/** Mean over the days of the AUC of one model less that of another, on the same samples. */
export interface PairedDifference {
  readonly task: string;
  readonly model: BacktestModel;
  readonly against: BacktestModel;
  readonly difference: number;
  /** 2.5 % and 97.5 % quantiles, bootstrapped over the users of all days; null where it could not be. */
  readonly interval: { readonly low: number; readonly high: number } | null;
}

export interface BacktestResult {
  readonly name: string;
  readonly folder: string;
  readonly seed: number;
  readonly tasks: readonly string[];
  /** Task -> what is measured: the macro AUC of a task of several classes. */
  readonly measures: Readonly<Record<string, AucMeasure>>;
  readonly models: readonly BacktestModel[];
  /** What all models start from. */
  readonly start: {
    readonly run: string;
    readonly preprocessSeconds: number;
    readonly trainingSeconds: number;
  };
  /** In order; while the backtest goes on, those that are done. */
  readonly days: readonly BacktestDay[];
  readonly differences: readonly PairedDifference[];
}
