/** What the page of a run shows, and `eval/report.json` keeps, so that pages of several runs can be made later. */
import type { LearningCurves } from '../common/learning-curves.js';
import type { TaskKind } from '../common/prepared.js';
import type { DataProfile } from '../evaluation/data-profile.js';
import type { Insight } from '../evaluation/insight/insight.js';
import type { SavedEvaluation } from '../evaluation/saved-evaluation.js';

/** Bumped whenever a reader of the old shape would misread the new one. */
export const RUN_REPORT_FORMAT = 2;

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
    /** Task -> what it predicts; left out by earlier versions. */
    readonly kinds?: Readonly<Record<string, TaskKind>>;
    readonly samples: Readonly<
      Record<string, Readonly<Record<'training' | 'validation' | 'evaluation', number>>>
    >;
  };
  readonly evaluation: SavedEvaluation;
  readonly learning: LearningCurves;
  readonly insight: Insight;
  readonly profile: DataProfile;
  /** What it was evaluated by; left out by earlier versions. */
  readonly made?: {
    /** Of dupn. */
    readonly version: string;
    /** ISO 8601 in UTC. */
    readonly at: string;
    /** The whole config of the evaluation, as YAML. */
    readonly config: string;
  };
}
