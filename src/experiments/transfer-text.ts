/** A transfer as a table for each fraction: what the strategies came to, and what each took to catch up with retrain-all. */
import { aucName } from '../common/auc-name.js';
import { aucTarget, TARGET_SHARE } from '../common/auc-target.js';
import { percent } from '../common/percent.js';
import { type Summary, type SummaryTable, summaryText } from '../common/summary.js';
import type { Cell } from '../common/table.js';
import type { StrategyAtFraction, TransferResult } from './transfer-result.js';

const TARGET = percent(TARGET_SHARE);

/** The column that counts the seeds which reached the target, where not all of them did. */
const SEEDS = `seeds to ${TARGET}`;

/** `width` as in `formatTable`. */
export function transferText(result: TransferResult, width: number | null = null): string {
  return summaryText(transferSummary(result), width);
}

export function transferSummary(result: TransferResult): Summary {
  const fractions = [...result.fractions].sort((a, b) => b - a);
  return {
    title: `Transfer ${result.name}`,
    tables: fractions.flatMap((fraction) => tableOf(result, fraction) ?? []),
    remarks: remarksOf(result),
  };
}

/** Null where no strategy has a run with the fraction. */
function tableOf(result: TransferResult, fraction: number): SummaryTable | null {
  const measured = strategiesAt(result, fraction);
  if (measured.length === 0) return null;
  const all = measured.find(([strategy]) => strategy === 'retrain-all')?.[1];
  const auc = aucName(result.measure);
  const counted = isPartlyReached(result);
  const known = measured.some(([, at]) => standardError(at) !== null);
  const spread = result.seeds.length > 1;
  return {
    title: `${auc} of ${result.task}, ${samplesText(result, fraction)}`,
    header: [
      'strategy',
      auc,
      ...(known ? ['standard error'] : []),
      ...(spread ? ['deviation'] : []),
      `steps to ${TARGET}`,
      `samples to ${TARGET}`,
      `seconds to ${TARGET}`,
      'samples / retrain-all',
      'seeds',
      ...(counted ? [SEEDS] : []),
    ],
    rows: measured.map(([strategy, at]) => [
      strategy,
      at.final.toFixed(4),
      ...(known ? [standardError(at)?.toFixed(4) ?? null] : []),
      ...(spread ? [at.deviation?.toFixed(4) ?? null] : []),
      ...costCells(at, all),
      ...(counted ? [at.reached?.seeds ?? null] : []),
    ]),
  };
}

/** Mean over the seeds: they are measured on the same users, so that more of them make it no smaller. Null where one is not known. */
function standardError({ runs }: StrategyAtFraction): number | null {
  const errors = runs.map(({ known }) => known?.standardError ?? null);
  const sum = errors.reduce((all, error) => (all === null || error === null ? null : all + error), 0);
  return sum === null ? null : sum / errors.length;
}

function costCells(at: StrategyAtFraction, all: StrategyAtFraction | undefined): Cell[] {
  const { reached } = at;
  const ofAll = all?.reached?.samples;
  return [
    reached && Math.round(reached.step),
    reached && Math.round(reached.samples),
    reached && Number(reached.seconds.toFixed(1)),
    reached && ofAll ? Number((reached.samples / ofAll).toFixed(3)) : null,
    at.runs.length,
  ];
}

function strategiesAt({ strategies }: TransferResult, fraction: number): [string, StrategyAtFraction][] {
  return Object.entries(strategies).flatMap(([strategy, { fractions }]) => {
    const at = fractions.find((each) => each.fraction === fraction);
    return at ? [[strategy, at]] : [];
  });
}

/** Whether anywhere some of the seeds reached the target, and others did not. */
function isPartlyReached({ strategies }: TransferResult): boolean {
  return Object.values(strategies).some(({ fractions }) =>
    fractions.some(({ reached, runs }) => reached && reached.seeds < runs.length),
  );
}

function samplesText({ samples }: TransferResult, fraction: number): string {
  if (fraction === 1) return `${samples} training samples`;
  return `${percent(fraction)} of ${samples} training samples`;
}

function remarksOf(result: TransferResult): string[] {
  const { measure, seeds, bases } = result;
  const baseSeconds = bases.reduce((sum, { seconds }) => sum + seconds, 0) / bases.length;
  return [
    ...chosenRemarks(result),
    targetRemark(result),
    ...gridRemarks(result),
    seeds.length > 1
      ? `deviation: of the ${aucName(measure)} over the seeds, ${seeds.join(', ')}`
      : 'one seed: how much another would change is not known, so this is a look at the curves rather than a result (seeds: [1, 2, 3])',
    ...(bases.length > 0
      ? [`seconds are spent on training; those of the base are left out, ${baseSeconds.toFixed(1)} a seed`]
      : []),
  ];
}

/** What the AUC of a strategy is, and how far that can be trusted. */
function chosenRemarks(result: TransferResult): string[] {
  const auc = aucName(result.measure);
  const all = strategiesAt(result, Math.max(...result.fractions)).map(([, at]) => at);
  const errors = all.flatMap((at) => standardError(at) ?? []);
  const known = all.flatMap(({ runs }) => runs.flatMap((run) => run.known ?? []))[0];
  const chosen = `${auc}: at the weights that the validation part chose (ringed in the curves), which need not be the highest or the last point`;
  if (!known || errors.length === 0) return [chosen];
  const twice = (2 * Math.max(...errors)).toFixed(4);
  return [
    chosen,
    `standard error: of the ${auc} by the choice of users, a bootstrap over the ${known.users} users with ${known.requests} requests and ` +
      `${known.samples} samples that it is measured on; strategies that differ by less than two of them, ${twice}, may do so by chance ` +
      '(dupn eval --against has the interval of a difference)',
  ];
}

/** How near together the measurements lie: no cost is known better. */
function gridRemarks({ strategies }: TransferResult): string[] {
  const at = strategies['retrain-all'] ?? Object.values(strategies)[0];
  const last = at?.curve.at(-1);
  if (!at || !last || at.curve.length < 2) return [];
  const points = at.curve.length - 1;
  return [
    `costs are known to one measurement: ${points} in a run, ${Math.round(last.samples / points)} samples apart (train.validationsPerEpoch)`,
  ];
}

function targetRemark(result: TransferResult): string {
  const all = result.strategies['retrain-all'];
  if (!all) return `nothing reaches ${TARGET}: it is ${TARGET} of retrain-all, which has no run`;
  const chance = all.fractions.filter(({ final }) => aucTarget(final) === null);
  return (
    `${TARGET}: first measurement with ${TARGET} of what retrain-all's ${aucName(result.measure)} gains over 0.5` +
    (result.seeds.length > 1 ? ', mean over the seeds that reached it' : '') +
    (isPartlyReached(result) ? ` (${SEEDS})` : '') +
    '; a dash: not reached' +
    (chance.length > 0 ? ', or retrain-all is no better than chance' : '')
  );
}
