/** What of an evaluation is too good or too bad to be believed, in words. */
import type { LeakCheck } from './leak-check.js';
import type { SavedEvaluation } from './saved-evaluation.js';

/** The metrics that a model is judged by; more is better in all of them. */
const JUDGED = ['auc', 'gauc', 'macroAuc', 'accuracy'] as const;

const AREAS: readonly string[] = ['auc', 'gauc', 'gaucByUser', 'macroAuc'];

/** Key of a metric -> what to look at. */
export function warningsOf(
  { metrics, baselines }: Pick<SavedEvaluation, 'metrics' | 'baselines'>,
  leaks: Readonly<Record<string, LeakCheck | null>>,
): Record<string, string> {
  const found: Record<string, string[]> = {};
  const warn = (key: string, text: string) => {
    found[key] = [...(found[key] ?? []), text];
  };
  for (const [key, value] of Object.entries(metrics)) {
    if (value === null || !AREAS.includes(nameOf(key))) continue;
    if (value > 0.98) {
      warn(
        key,
        'above 0.98: look for a feature that knows the label, such as an event of the request itself',
      );
    } else if (value < 0.5) {
      warn(key, 'below 0.5, worse than chance: look for labels or scores with the wrong sign');
    }
  }
  for (const [task, ofTask] of Object.entries(baselines)) {
    for (const name of JUDGED) {
      const key = `${name}[${task}]`;
      const value = metrics[key] ?? null;
      if (value === null) continue;
      const above = Object.entries(ofTask).flatMap(([baseline, values]) =>
        (values[name] ?? 0) > value ? [`${baseline} (${values[name]!.toFixed(4)})`] : [],
      );
      if (above.length > 0) warn(key, `below what needs no model: ${above.join(', ')}`);
    }
  }
  for (const [task, leak] of Object.entries(leaks)) {
    if (leak?.suspected) warn(`auc[${task}]`, leakText(leak));
  }
  return Object.fromEntries(Object.entries(found).map(([key, texts]) => [key, texts.join('; ')]));
}

const nameOf = (key: string) => key.slice(0, key.indexOf('['));

function leakText({ positives, negatives, secondsBefore }: LeakCheck): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return (
    `of a task whose histories may hold their own label: the candidate is the latest behaviour before the request of ${percent(positives)} of the ` +
    `positive samples and of ${percent(negatives)} of the negative ones (in the median ${secondsBefore} s before); is the time of the samples that of the request, and not that of what came of it?`
  );
}
