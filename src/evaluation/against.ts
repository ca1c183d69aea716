/** Two runs on the same samples. */

/** This run minus the other, with the bootstrap over users of both at once. */
export interface PairedMetric {
  readonly value: number;
  readonly other: number;
  readonly difference: number;
  /** 2.5 % and 97.5 % quantiles of the resampled differences; null without a bootstrap. */
  readonly interval: { readonly low: number; readonly high: number } | null;
  /** Two-sided, of no difference, in (0, 1]; null without a bootstrap. */
  readonly pValue: number | null;
}

export interface Against {
  /** Folder of the other run. */
  readonly run: string;
  readonly step: number;
  /** Task -> samples that both scored, and all samples of this run; tasks that only one of them has are left out. */
  readonly tasks: Readonly<Record<string, { readonly samples: number; readonly of: number }>>;
  /** By key, `auc[ctr]`; null where one of them could not be measured. */
  readonly metrics: Readonly<Record<string, PairedMetric | null>>;
}
