/** What the page of a run shows, and `eval/report.json` keeps, so that pages of several runs can be made later. */
import type { DataProfile } from '../evaluation/data-profile.js';
import type { Insight } from '../evaluation/insight/insight.js';
import type { SavedEvaluation } from '../evaluation/saved-evaluation.js';

/** Bumped whenever a reader of the old shape would misread the new one. */
export const RUN_REPORT_FORMAT = 1;

/** A line of metrics.jsonl: `loss[ctr]`, `auc[ctr]`, ... by name. */
export type LearningPoint = Readonly<Record<string, number>> & {
  readonly step: number;
  readonly epoch: number;
};

export interface RunReport {
  readonly format: typeof RUN_REPORT_FORMAT;
  /** Of the run. */
  readonly name: string;
  /** What was learned from. */
  readonly data: {
    readonly prepared: string;
    readonly users: number;
    readonly events: number;
    readonly items: number;
    /** ISO 8601 in UTC. */
    readonly firstEvent: string | null;
    readonly lastEvent: string | null;
    readonly evaluationFrom: string;
    readonly evaluationTo: string | null;
    readonly timeZone: string;
    readonly samples: Readonly<
      Record<string, Readonly<Record<'training' | 'validation' | 'evaluation', number>>>
    >;
  };
  readonly evaluation: SavedEvaluation;
  /** Means over some steps each, at most some hundred points, evenly thinned. */
  readonly learning: {
    readonly training: readonly LearningPoint[];
    readonly validation: readonly LearningPoint[];
  };
  readonly insight: Insight;
  readonly profile: DataProfile;
}
