/**
 * What goes over from a trained model into another: the weights of the shared part, which both must have, and of the
 * tasks, candidates and queries that both have; rows of tables by their index, since a vocabulary only grows at its end.
 */
import { isDeepStrictEqual } from 'node:util';
import { UserError } from '../common/errors.js';
import type { ResourceVariable } from '../engine/resource-variable.js';
import { parameterSpecs, statisticSpecs, tableSpecs } from './parameters.js';
import type { SafetensorsFile } from './safetensors.js';
import {
  candidateShape,
  type FieldShape,
  fieldsOf,
  latestOf,
  type ModelShape,
  matchesOf,
  type RowShape,
} from './shape.js';

/** What a vocabulary was before it grew. */
export interface EarlierVocabulary {
  readonly rows: number;
  readonly vocabularyHash: string;
}

export interface CarryOver {
  /** Weights that both have, in the order of the new model. */
  readonly copied: readonly string[];
  /** Those of them that are tables with new rows: name -> rows that the base has. */
  readonly grown: ReadonlyMap<string, number>;
  /** Weights that only the new model has: they stay as they start. */
  readonly created: readonly string[];
  /** Weights that only the base has. */
  readonly skipped: readonly string[];
}

/** Name -> size; the rows of a table count as any, since they may grow. */
function sizesOf(shape: ModelShape): Map<string, string> {
  const dense = [...parameterSpecs(shape), ...statisticSpecs(shape)];
  return new Map([
    ...dense.map(({ name, shape }) => [name, `[${shape.join(', ')}]`] as const),
    ...tableSpecs(shape).map(({ name, size }) => [name, `[rows, ${size}]`] as const),
  ]);
}

/** The names of the weights that do not depend on what the model is asked. */
const sharedNames = (shape: ModelShape): ReadonlySet<string> =>
  new Set(sizesOf({ ...shape, tasks: {}, entities: {}, candidateUnits: {}, queryField: null }).keys());

/**
 * `earlier` gives what the vocabulary of a table of the new model was before it grew, oldest first. `from` names the base
 * in errors.
 * @throws UserError that names the weight which is missing on either side, or differs in size, in its vocabulary or in the
 *   order or normalisation of its inputs
 */
export function planCarryOver(
  base: ModelShape,
  target: ModelShape,
  {
    from,
    earlier,
  }: { readonly from: string; readonly earlier: (table: string) => readonly EarlierVocabulary[] },
): CarryOver {
  const refuse = (text: string) => new UserError(`Cannot start from ${from}: ${text}`);
  const [there, here] = [sizesOf(base), sizesOf(target)];
  for (const name of sharedNames(target)) {
    if (!there.has(name)) throw refuse(`it lacks the weight \`${name}\` ${here.get(name)} of this model`);
  }
  for (const name of sharedNames(base)) {
    if (!here.has(name)) throw refuse(`this model lacks its weight \`${name}\` ${there.get(name)}`);
  }
  const copied = [...here.keys()].filter((name) => there.has(name));
  for (const name of copied) {
    if (there.get(name) !== here.get(name)) {
      throw refuse(`its weight \`${name}\` is ${there.get(name)}, that of this model ${here.get(name)}`);
    }
  }
  checkTasks(base, target, refuse);
  checkNumbers(base, target, refuse);
  checkOrder(base, target, refuse);
  return {
    copied,
    grown: grownTables(base, target, { refuse, earlier }),
    created: [...here.keys()].filter((name) => !there.has(name)),
    skipped: [...there.keys()].filter((name) => !here.has(name)),
  };
}

type Refuse = (text: string) => UserError;

/** A tower that both have must read the same. */
function checkTasks(base: ModelShape, target: ModelShape, refuse: Refuse): void {
  const latest = (shape: ModelShape) => `[${latestOf(shape).join(', ')}]`;
  const both = Object.keys(target.tasks).filter((task) => base.tasks[task]);
  if (both.length > 0 && latest(base) !== latest(target))
    throw refuse(`model.latest is ${latest(base)} there, ${latest(target)} here`);
  for (const task of both) {
    const matches = (shape: ModelShape) =>
      matchesOf(shape.tasks[task]!)
        .map(({ field }) => field)
        .join(', ') || 'none';
    if (matches(base) !== matches(target))
      throw refuse(
        `the task ${task} reads matches of ${matches(base)} there, of ${matches(target)} here (model.matches)`,
      );
  }
  for (const [task, here] of Object.entries(target.tasks)) {
    const there = base.tasks[task];
    for (const key of ['kind', 'candidate', 'query'] as const) {
      if (!there || there[key] === here[key]) continue;
      throw refuse(`the task ${task} has ${key} ${there[key] ?? 'none'} there, ${here[key] ?? 'none'} here`);
    }
  }
}

/** Numbers must be normalised as the base learned them. */
function checkNumbers(base: ModelShape, target: ModelShape, refuse: Refuse): void {
  const check = (what: string, there: readonly unknown[], here: readonly unknown[]) => {
    if (isDeepStrictEqual(there, here)) return;
    const text = (numbers: readonly unknown[]) => JSON.stringify(numbers);
    throw refuse(
      `${what} are ${text(there)} there, ${text(here)} here; prepare the data with the statistics of the base`,
    );
  };
  const numbersOf = ({ numbers }: RowShape) => numbers;
  check('the numbers of items', base.itemNumbers, target.itemNumbers);
  for (const entity of Object.keys(target.entities).filter((name) => base.entities[name])) {
    const [there, here] = [base, target].map((shape) => numbersOf(candidateShape(shape, entity)));
    check(`the numbers of ${entity}`, there!, here!);
  }
  for (const [task, { features }] of Object.entries(target.tasks)) {
    const known = base.tasks[task]?.features;
    if (known) check(`the features of ${task}`, known, features);
  }
}

/** Fields stand side by side in the inputs of a layer, in the order of the config: the rows of its kernel go by it. */
function checkOrder(base: ModelShape, target: ModelShape, refuse: Refuse): void {
  const read = new Set(tableSpecs(target).map(({ name }) => name));
  const check = (what: string, fieldsOf: (shape: ModelShape) => readonly FieldShape[]) => {
    const [there, here] = [base, target].map((shape) =>
      fieldsOf(shape)
        .map(({ table }) => table)
        .filter((table) => read.has(table))
        .join(', '),
    );
    if (there !== here)
      throw refuse(`${what} are ${there} there, ${here} here; put them in the order of the base`);
  };
  check('the fields of items', ({ itemFields }) => itemFields);
  check('the properties', ({ propertyFields }) => propertyFields);
  check('the fields of users', ({ userFields }) => userFields);
  for (const entity of Object.keys(target.entities).filter((name) => base.entities[name])) {
    check(`the fields of ${entity}`, ({ entities }) => entities[entity]!.fields);
  }
}

/** The first field that reads each table: that of the items where an entity shares it. */
const fieldsByTable = (shape: ModelShape): ReadonlyMap<string, FieldShape> =>
  new Map(
    fieldsOf(shape)
      .toReversed()
      .map((field) => [field.table, field]),
  );

function grownTables(
  base: ModelShape,
  target: ModelShape,
  {
    refuse,
    earlier,
  }: { readonly refuse: Refuse; readonly earlier: (table: string) => readonly EarlierVocabulary[] },
): Map<string, number> {
  const grown = new Map<string, number>();
  const known = fieldsByTable(base);
  const read = new Set(tableSpecs(target).map(({ name }) => name));
  for (const [table, here] of fieldsByTable(target)) {
    const there = known.get(table);
    if (!there || !read.has(table)) continue;
    for (const key of ['buckets', 'pooling'] as const) {
      if (there[key] === here[key]) continue;
      throw refuse(`\`${table}\` has ${key} ${there[key] ?? 'none'} there, ${here[key] ?? 'none'} here`);
    }
    const isBase = ({ rows, vocabularyHash }: EarlierVocabulary) =>
      rows === there.rows && vocabularyHash === there.vocabularyHash;
    if (isBase(here)) continue;
    if (!earlier(table).some(isBase)) {
      throw refuse(
        `\`${table}\` was trained on a vocabulary of ${there.rows} rows that the ${here.rows} rows of the prepared data do not begin with; ` +
          'carry its vocabularies on (dupn preprocess --update, or dupn transfer)',
      );
    }
    if (here.rows > there.rows) grown.set(table, there.rows);
  }
  return grown;
}

/**
 * Copies what `plan` says into variables of the new model. `bucketsOf` gives, of a table that has grown, the
 * out-of-vocabulary row that each new row stood in before: it starts from there.
 */
export async function copyWeights(
  base: SafetensorsFile,
  target: ReadonlyMap<string, ResourceVariable>,
  { copied, grown }: CarryOver,
  bucketsOf: (table: string, firstRow: number) => Promise<Int32Array>,
): Promise<void> {
  for (const name of copied) {
    const variable = target.get(name)!;
    const rows = grown.get(name);
    await copyRows(base, name, variable, rows);
    if (rows === undefined) continue;
    const buckets = await bucketsOf(name, rows);
    const units = variable.shape[1]!;
    const starts = await base.readRows(name, 0, maximum(buckets) + 1);
    for (const [start, end] of variable.chunks()) {
      const first = Math.max(start, rows);
      if (first >= end) continue;
      const values = new Float32Array((end - first) * units);
      for (let row = first; row < end; row++) {
        const at = buckets[row - rows]! * units;
        values.set(starts.subarray(at, at + units), (row - first) * units);
      }
      variable.writeRows(first, values);
    }
  }
}

const maximum = (values: Int32Array) => values.reduce((most, value) => Math.max(most, value), 0);

/** What an optimiser keeps of the weights that are copied; new rows and new weights keep their start. */
export async function copySlots(
  base: SafetensorsFile,
  target: ReadonlyMap<string, ResourceVariable>,
  { copied, grown }: CarryOver,
): Promise<void> {
  const of = new Set(copied);
  for (const [name, variable] of target) {
    const weight = name.slice(0, name.lastIndexOf('/'));
    if (of.has(weight) && base.shapes.has(name)) await copyRows(base, name, variable, grown.get(weight));
  }
}

/** All rows, or the first ones, of a weight of the same name. */
async function copyRows(
  base: SafetensorsFile,
  name: string,
  variable: ResourceVariable,
  rows = Number.POSITIVE_INFINITY,
): Promise<void> {
  for (const [start, end] of variable.chunks()) {
    const last = Math.min(end, rows);
    if (start < last) variable.writeRows(start, await base.readRows(name, start, last));
  }
}
