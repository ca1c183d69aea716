/** What the attention made of the histories of some users: behaviours, coloured by their weight. */
import type { Cell } from '../../common/table.js';
import type { Gates, ShownBehaviour, ShownHistory } from '../../evaluation/insight/insight.js';
import type { Block, PageTable } from '../page.js';
import { ageText, momentText } from './time-text.js';

/** Of longer histories, those with the largest weights. */
const MOST_BEHAVIOURS = 15;
/** Stands where a field has no value. */
const MISSING = '(missing)';

/** The first is open. `several` are the tasks of several classes. */
export function historyBlocks(
  histories: readonly ShownHistory[],
  several: readonly string[],
  timeZone: string,
): Block[] {
  return histories.map((history, at): Block => {
    const moment = momentText(history.time, timeZone);
    const summary = `User ${history.userId}, ${moment}: ${countText(history.behaviours.length)}`;
    return {
      kind: 'details',
      summary,
      open: at === 0,
      blocks: [
        { kind: 'text', text: askedText(history.asked) },
        predictionTable(history, several),
        ...behaviourBlocks(history),
      ],
    };
  });
}

function askedText({ kind, text }: ShownHistory['asked']): string {
  switch (kind) {
    case 'none':
      return 'Asked with nothing: the attention knows the behaviours and the user alone.';
    case 'text':
      return text === '' || text === MISSING ? 'Asked without words.' : `Asked with the words: ${text}`;
    case 'candidate':
      return `Asked with the candidate: ${text}`;
  }
}

function predictionTable({ predictions }: ShownHistory, several: readonly string[]): Block {
  return {
    kind: 'table',
    title: 'Predictions',
    header: ['task', 'candidate', 'true label', 'predicted'],
    rows: predictions.map(({ task, candidate, label, probability }): Cell[] => [
      task,
      candidate,
      label,
      `${probability.toFixed(4)} for label ${several.includes(task) ? label : 1}`,
    ]),
  };
}

function behaviourBlocks({ behaviours }: ShownHistory): Block[] {
  if (behaviours.length === 0) {
    return [{ kind: 'text', text: 'No behaviours before: the model knows the user alone.' }];
  }
  const shown = heaviest(behaviours);
  const rest = behaviours.length - shown.length;
  const restWeight = 1 - shown.reduce((sum, { weight }) => sum + weight, 0);
  return [
    { kind: 'table', ...behaviourTable(shown) },
    ...(rest > 0
      ? [
          {
            kind: 'text' as const,
            text: `${countText(rest)} more, with ${weightText(Math.max(restWeight, 0))} of the attention together, ${rest === 1 ? 'is' : 'are'} left out.`,
          },
        ]
      : []),
  ];
}

/** In the order that they had. */
function heaviest(behaviours: readonly ShownBehaviour[]): readonly ShownBehaviour[] {
  const kept = new Set([...behaviours].sort((a, b) => b.weight - a.weight).slice(0, MOST_BEHAVIOURS));
  return behaviours.filter((behaviour) => kept.has(behaviour));
}

function behaviourTable(behaviours: readonly ShownBehaviour[]): PageTable {
  const keys = (of: (behaviour: ShownBehaviour) => object) => [
    ...new Set(behaviours.flatMap((behaviour) => Object.keys(of(behaviour)))),
  ];
  const properties = keys((each) => each.properties);
  // A field that repeats the id tells nothing.
  const fields = keys(({ item }) => item).filter((name) =>
    behaviours.some(({ item, itemId }) => item[name] !== itemId),
  );
  const gated = behaviours.some(({ gates }) => gates !== null);
  const most = Math.max(...behaviours.map(({ weight }) => weight));
  return {
    title: 'Behaviours, latest first',
    header: [
      ...['weight', 'time ago', ...properties],
      ...(gated ? ['gates: input / forget / output'] : []),
      ...['item id', ...fields],
    ],
    rows: behaviours.map(({ weight, ageSeconds, itemId, item, properties: of, gates }): Cell[] => [
      weightText(weight),
      ageText(ageSeconds),
      ...properties.map((name) => of[name] ?? null),
      ...(gated ? [gates && gatesText(gates)] : []),
      itemId,
      ...fields.map((name) => item[name] ?? null),
    ]),
    shades: behaviours.map(({ weight }) => (most > 0 ? weight / most : 0)),
  };
}

const gatesText = (gates: Gates) =>
  [gates.input, gates.forget, gates.output].map((gate) => gate.toFixed(2)).join(' / ');

const weightText = (weight: number) => `${(100 * weight).toFixed(1)} %`;

const countText = (count: number) => `${count} behaviour${count === 1 ? '' : 's'}`;
