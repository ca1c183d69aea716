/** What of an evaluation is too good or too bad to be believed, in words. */
import { verdictOf } from '../common/metric-direction.js';
import { metricTitle } from '../common/metric-title.js';
import type { PairedMetric } from './against.js';
import type { LeakCheck } from './leak-check.js';
import type { SavedEvaluation } from './saved-evaluation.js';

const AREAS: readonly string[] = ['auc', 'gauc', 'gaucByUser', 'macroAuc'];

/** What a model is told apart from its baselines by. */
const JUDGED: readonly string[] = ['auc', 'macroAuc'];

/** What there is to say of the training of a run that is measured. */
export interface TrainedRun {
  /** Task -> the settings of its samples that were others then, as `key: was <a>, now <b>`. */
  readonly changed: Readonly<Record<string, readonly string[]>>;
  /** Epochs done, and those of the config, of a run that was stopped before its end; else null. */
  readonly epochs: readonly [number, number] | null;
}

/**
 * Key of a metric, or a task, or `run` -> sentences without their subject.
 */
export function warningsOf(
  { metrics, intervals, differences }: Pick<SavedEvaluation, 'metrics' | 'intervals' | 'differences'>,
  leaks: Readonly<Record<string, LeakCheck | null>>,
  trained: TrainedRun = { changed: {}, epochs: null },
): Record<string, string> {
  const found: Record<string, string[]> = {};
  const warn = (key: string, text: string) => {
    found[key] = [...(found[key] ?? []), text];
  };
  for (const [key, value] of Object.entries(metrics)) {
    const name = key.slice(0, key.indexOf('['));
    const interval = intervals[key];
    if (value === null) continue;
    if (AREAS.includes(name) && value > 0.98) {
      warn(
        key,
        'is above 0.98: look for a feature that knows the label, such as an event of the request itself',
      );
    }
    if (AREAS.includes(name) && (interval?.high ?? value) < 0.5) {
      warn(key, 'is below 0.5, worse than chance: look for labels or scores with the wrong sign');
    }
    if (name === 'normalisedEntropy' && (interval?.low ?? value) > 1) {
      warn(key, 'is above 1: the base rates alone predict better');
    }
    if (name === 'predictedOverObserved' && interval && (interval.high < 1 || interval.low > 1)) {
      const [share, word] = [Math.abs(value - 1), value > 1 ? 'many' : 'few'];
      warn(
        key,
        `is not 1: the model expects ${(100 * share).toFixed(0)} % too ${word} positives, beyond chance`,
      );
    }
  }
  if (trained.epochs) {
    const [done, all] = trained.epochs;
    warn('run', `is not trained to its end, ${done} of ${all} epochs are done: dupn train --resume goes on`);
  }
  for (const [task, settings] of Object.entries(trained.changed)) {
    warn(task, `is measured on something else than it was trained on (${settings.join('; ')})`);
  }
  for (const [task, ofTask] of Object.entries(differences)) {
    for (const text of baselineTexts(ofTask)) warn(task, text);
  }
  for (const [task, leak] of Object.entries(leaks)) {
    if (leak?.suspected) warn(task, leakText(leak));
  }
  return Object.fromEntries(Object.entries(found).map(([key, texts]) => [key, texts.join('; ')]));
}

/** Where a baseline is better beyond chance, and where chance could be all that the model has more. */
function baselineTexts(
  differences: Readonly<Record<string, Readonly<Record<string, PairedMetric | null>>>>,
): string[] {
  const worse: string[] = [];
  const alike: string[] = [];
  for (const [baseline, byMetric] of Object.entries(differences)) {
    const verdicts = Object.entries(byMetric).flatMap(([metric, paired]) =>
      paired && metric !== 'predictedOverObserved' ? [{ metric, verdict: verdictOf(metric, paired) }] : [],
    );
    const lost = verdicts.flatMap(({ metric, verdict }) =>
      verdict === 'worse' ? [metricTitle(metric)] : [],
    );
    if (lost.length > 0) worse.push(`${baseline} (by ${lost.join(', ')})`);
    if (verdicts.some(({ metric, verdict }) => JUDGED.includes(metric) && verdict === 'not told apart')) {
      alike.push(baseline);
    }
  }
  return [
    ...(worse.length > 0 ? [`is worse than baselines, beyond chance: ${worse.join(', ')}`] : []),
    ...(alike.length > 0 ? [`is not told apart from baselines: ${alike.join(', ')}`] : []),
  ];
}

function leakText({ positives, negatives, secondsBefore }: LeakCheck): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return (
    `has histories that may hold their own label: the candidate is the latest behaviour before the request of ${percent(positives)} of the ` +
    `positive samples and of ${percent(negatives)} of the negative ones (in the median ${secondsBefore} s before); is the time of the samples that of the request, and not that of what came of it?`
  );
}
