/**
 * The sizes that decide which weights a model has: from the config and the vocabularies of the prepared data.
 * It is saved with every checkpoint, and two models fit together when their shapes agree.
 */

import { activeTasks } from '../common/active-tasks.js';
import { mapValues } from '../common/map-values.js';
import type {
  EntityManifest,
  FieldManifest,
  Manifest,
  NumberManifest,
  RankingFeature,
  TaskKind,
} from '../common/prepared.js';
import { tableName } from '../common/table-name.js';
import type { Config, NumberField } from '../config/schema.js';
import { drawCorrection, weightCorrection } from './corrections.js';

export interface FieldShape {
  readonly name: string;
  /** The embedding table, which several fields may share. */
  readonly table: string;
  /** Rows of the embedding table. */
  readonly rows: number;
  /** Out-of-vocabulary rows; they follow row 0, the missing value. */
  readonly buckets: number;
  /** Units of the embedding. */
  readonly size: number;
  /** Set for a multi-valued field. */
  readonly pooling?: 'mean' | 'sum';
  /** sha256 of the vocabulary that the rows stand for. */
  readonly vocabularyHash: string;
}

/** A number, one unit; what it was made of tells a model apart from one that learned from other units. */
export interface NumberShape extends NumberManifest {
  readonly scale: NumberField['scale'];
}

/** What the vector of an item or of an entity is made of: the embeddings, then the numbers. */
export interface RowShape {
  readonly fields: readonly FieldShape[];
  readonly numbers: readonly NumberShape[];
}

/** A field of a candidate whose values are looked for in the histories. */
export interface MatchShape {
  /** Name among the fields of the candidate. */
  readonly field: string;
  /** Name of the field of items with the same table. */
  readonly itemField: string;
  readonly table: string;
}

export interface TaskShape {
  readonly kind: TaskKind;
  /** Logits of a sample: one for each class, else 1. */
  readonly outputs: number;
  /**
   * The ranking features r that the tower weighs, or the numbers that that of a binary task reads, the constant first, and how
   * they are normalised.
   */
  readonly features: readonly RankingFeature[];
  /** What is judged, item or an entity; null for a task about the user alone, and for one that ranks by features. */
  readonly candidate: string | null;
  readonly query: 'text' | 'candidate' | 'none';
  /** What the tower reads of the candidate's field values in the history; left out where nothing. */
  readonly matches?: readonly MatchShape[];
  /** Units of the hidden layers of the tower. */
  readonly layers: readonly number[];
  /** Whether the hidden layers are normalised. */
  readonly batchNormalisation: boolean;
  /** Undoes `classWeights`: added to the logits of training to give those of the data, [outputs]. */
  readonly weightCorrection: readonly number[];
  /**
   * Undoes the drawing of negatives: added to a logit of the data to give the log odds among all candidates; 0 where none
   * were drawn, null where each candidate had a chance of its own (by popularity, or within a field), so that no one
   * number undoes it. Metrics are of the samples as they are drawn, and leave it out.
   */
  readonly drawCorrection: number | null;
}

export interface ModelShape {
  readonly itemFields: readonly FieldShape[];
  readonly itemNumbers: readonly NumberShape[];
  readonly propertyFields: readonly FieldShape[];
  readonly userFields: readonly FieldShape[];
  /** The words of the query; null where no task asks with text. */
  readonly queryField: FieldShape | null;
  readonly encoder: 'lstm' | 'mean';
  readonly variant: 'all' | 'bplstm' | 'bpatt' | 'nobp';
  /** Length of a history at most. */
  readonly maxEvents: number;
  /** Whether the gates of the recurrence see the cell. */
  readonly peepholes: boolean;
  readonly units: number;
  readonly attentionUnits: number;
  readonly userUnits: number;
  /** The means of [e; p] over the latest n behaviours that stand beside rep_s, for each n; left out where there are none. */
  readonly latest?: readonly number[];
  /** item and the entities that a task judges -> units of the candidate's vector. */
  readonly candidateUnits: Readonly<Record<string, number>>;
  /** Entities that a task judges -> their fields and numbers. */
  readonly entities: Readonly<Record<string, RowShape>>;
  readonly tasks: Readonly<Record<string, TaskShape>>;
  /** Tables that are given, and not learned. */
  readonly fixedTables: readonly string[];
  /** uncertainty: the factors of the tasks' losses are learned. */
  readonly taskWeighting: 'fixed' | 'uncertainty';
}

type Fields = Readonly<Record<string, { readonly size: number; readonly pooling?: 'mean' | 'sum' }>>;

function fieldShapes(group: string, fields: Fields, manifests: readonly FieldManifest[]): FieldShape[] {
  return manifests.map(({ name, rows, buckets, multiValued, vocabularyHash }) => {
    const field = fields[name];
    if (!field) throw new Error(`the prepared data has a field \`${name}\` that the config does not`);
    const { size, pooling = 'mean' } = field;
    const table = tableName(group, name);
    return { name, table, rows, buckets, size, vocabularyHash, ...(multiValued ? { pooling } : {}) };
  });
}

function entityShapes(
  { entities, features }: Config,
  entity: string,
  manifests: EntityManifest['fields'],
): FieldShape[] {
  return manifests.map(({ name, rows, buckets, multiValued, vocabularyHash, shares }) => {
    const { size: own, pooling = 'mean' } = entities[entity]!.fields[name]!;
    const size = shares === undefined ? own! : features.item[shares]!.size;
    const table = shares === undefined ? tableName(entity, name) : tableName('item', shares);
    return { name, table, rows, buckets, size, vocabularyHash, ...(multiValued ? { pooling } : {}) };
  });
}

function numberShapes(
  numbers: Readonly<Record<string, NumberField>>,
  manifests: readonly NumberManifest[],
): NumberShape[] {
  return manifests.map(({ name, mean, deviation }) => {
    const number = numbers[name];
    if (!number) throw new Error(`the prepared data has a number \`${name}\` that the config does not`);
    return { name, scale: number.scale, mean, deviation };
  });
}

/** Single-valued fields of a candidate whose table is that of an item field. */
function matchShapes(candidate: readonly FieldShape[], items: readonly FieldShape[]): MatchShape[] {
  return candidate.flatMap(({ name, table, pooling }) => {
    const item = items.find((field) => field.table === table);
    return item && !pooling && !item.pooling ? [{ field: name, itemField: item.name, table }] : [];
  });
}

function queryShape(config: Config, manifest: FieldManifest | null): FieldShape | null {
  if (!Object.values(activeTasks(config)).some(({ query }) => query === 'text')) return null;
  if (!manifest) throw new Error('the prepared data has no queries');
  return fieldShapes('query', { [manifest.name]: config.features.query! }, [manifest])[0]!;
}

export function modelShape(
  config: Config,
  manifest: Pick<Manifest, 'fields' | 'entities' | 'tasks'>,
): ModelShape {
  const { features, model } = config;
  const tasks = activeTasks(config);
  const judged = new Set(
    Object.values(tasks).map((task) => (task.kind === 'binary' ? task.candidate : null)),
  );
  const entities = Object.fromEntries(
    Object.entries(manifest.entities)
      .filter(([name]) => judged.has(name))
      .map(([name, { fields, numbers }]): [string, RowShape] => [
        name,
        {
          fields: entityShapes(config, name, fields),
          numbers: numberShapes(config.entities[name]!.numbers, numbers),
        },
      ]),
  );
  const itemFields = fieldShapes('item', features.item, manifest.fields.item);
  const fieldsOfCandidate = (candidate: string) =>
    candidate === 'item' ? itemFields : entities[candidate]!.fields;
  return {
    itemFields,
    itemNumbers: numberShapes(features.itemNumbers, manifest.fields.itemNumbers),
    propertyFields: fieldShapes('property', features.properties, manifest.fields.properties),
    userFields: fieldShapes('user', features.user, manifest.fields.user),
    queryField: queryShape(config, manifest.fields.query),
    encoder: model.encoder,
    variant: model.variant,
    maxEvents: model.maxEvents,
    peepholes: model.encoder === 'lstm' && model.peepholes,
    units: model.units,
    attentionUnits: model.attentionUnits,
    userUnits: model.userUnits,
    ...(model.latest.length > 0 && { latest: model.latest }),
    candidateUnits: {
      ...(judged.has('item') ? model.candidateUnits : {}),
      ...mapValues(entities, (_, name) => config.entities[name]!.units),
    },
    entities,
    tasks: Object.fromEntries(
      Object.entries(tasks).map(([name, task]): [string, TaskShape] => {
        const { kind, query, tower } = task;
        const outputs = kind === 'multiclass' ? task.classes : 1;
        const candidate = kind === 'binary' ? task.candidate : null;
        const { features, negativeRate } = manifest.tasks[name]!;
        const { layers, batchNormalisation } = tower;
        const matches =
          candidate !== null && model.matches ? matchShapes(fieldsOfCandidate(candidate), itemFields) : [];
        return [
          name,
          {
            kind,
            outputs,
            features,
            candidate,
            query,
            ...(matches.length > 0 && { matches }),
            layers,
            batchNormalisation,
            weightCorrection: weightCorrection(task),
            drawCorrection: drawCorrection(task, negativeRate),
          },
        ];
      }),
    ),
    fixedTables: model.itemEmbeddings === 'word2vec' ? [tableName('item', 'item')] : [],
    taskWeighting: config.train.taskWeighting === 'uncertainty' ? 'uncertainty' : 'fixed',
  };
}

/** Every field of a model; several may share a table. */
export const fieldsOf = (shape: ModelShape): readonly FieldShape[] => [
  ...shape.itemFields,
  ...shape.propertyFields,
  ...shape.userFields,
  ...(shape.queryField ? [shape.queryField] : []),
  ...Object.values(shape.entities).flatMap(({ fields }) => fields),
];

/** Units of the fields' embeddings side by side. */
const totalUnits = (fields: readonly FieldShape[]): number => fields.reduce((sum, { size }) => sum + size, 0);

/** What the vector of a candidate is made of, an item or an entity. */
export const candidateShape = (shape: ModelShape, candidate: string): RowShape =>
  candidate === 'item'
    ? { fields: shape.itemFields, numbers: shape.itemNumbers }
    : shape.entities[candidate]!;

export const tablesOf = (fields: readonly FieldShape[]): ReadonlySet<string> =>
  new Set(fields.map(({ table }) => table));

/** The tables that the vectors of candidates are made of. */
export const candidateTables = (shape: ModelShape): ReadonlySet<string> =>
  tablesOf(
    Object.values(shape.tasks).flatMap(({ candidate }) =>
      candidate === null ? [] : candidateShape(shape, candidate).fields,
    ),
  );

/** Units of the vector of an item or of an entity. */
export const rowUnits = ({ fields, numbers }: RowShape): number => totalUnits(fields) + numbers.length;

/** Units of the item vector e_t. */
export const itemUnits = (shape: ModelShape): number => rowUnits(candidateShape(shape, 'item'));

/** Units of the property vector p_t. */
export const propertyUnits = (shape: ModelShape): number => totalUnits(shape.propertyFields);

/** Whether the properties reach the recurrence (or, for the mean encoder, the mean). */
export const propertiesInEncoder = ({ variant, propertyFields }: ModelShape): boolean =>
  propertyFields.length > 0 && (variant === 'all' || variant === 'bplstm');

/** Whether the properties reach the attention. */
export const propertiesInAttention = ({ variant, propertyFields }: ModelShape): boolean =>
  propertyFields.length > 0 && (variant === 'all' || variant === 'bpatt');

export const latestOf = ({ latest = [] }: Pick<ModelShape, 'latest'>): readonly number[] => latest;

export const matchesOf = ({ matches = [] }: Pick<TaskShape, 'matches'>): readonly MatchShape[] => matches;

/** Units of rep = [rep_s; means of the latest behaviours; u]. */
export const representationUnits = (shape: ModelShape): number =>
  stateUnits(shape) + latestUnits(shape) + shape.userUnits;

/** Units of the means of the latest behaviours, side by side. */
export const latestUnits = (shape: ModelShape): number =>
  latestOf(shape).length * (itemUnits(shape) + (shape.variant === 'nobp' ? 0 : propertyUnits(shape)));

/** Whether a model reads the items of a history beside the states of the recurrence. */
export const readsItems = (shape: ModelShape): boolean =>
  latestOf(shape).length > 0 || Object.values(shape.tasks).some((task) => matchesOf(task).length > 0);

/** Whether what a task says of a candidate depends on the history in another way than by the representation of the request. */
export const asksHistory = (task: TaskShape): boolean =>
  task.query === 'candidate' || matchesOf(task).length > 0;

/** Units of the state of one step, and so of rep_s. */
export const stateUnits = (shape: ModelShape): number =>
  shape.encoder === 'lstm'
    ? shape.units
    : itemUnits(shape) + (propertiesInEncoder(shape) ? propertyUnits(shape) : 0);
