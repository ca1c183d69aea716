/**
 * The sizes that decide which weights a model has: from the config and the vocabularies of the prepared data.
 * It is saved with every checkpoint, and two models fit together when their shapes agree.
 */
import type { FieldManifest, Manifest, TaskKind } from '../common/prepared.js';
import type { Config } from '../config/schema.js';

export interface FieldShape {
  readonly name: string;
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

export interface TaskShape {
  readonly kind: TaskKind;
  /** Logits of a sample: 1 of a binary task, else one for each class. */
  readonly outputs: number;
  /** What is judged; null for a task about the user alone. */
  readonly candidate: 'item' | null;
  readonly query: 'candidate' | 'none';
  /** Units of the hidden layers of the tower. */
  readonly layers: readonly number[];
}

export interface ModelShape {
  readonly itemFields: readonly FieldShape[];
  readonly propertyFields: readonly FieldShape[];
  readonly userFields: readonly FieldShape[];
  readonly encoder: 'lstm' | 'mean';
  readonly variant: 'all' | 'bplstm' | 'bpatt' | 'nobp';
  readonly units: number;
  readonly attentionUnits: number;
  readonly userUnits: number;
  readonly candidateUnits: { readonly item: number };
  readonly tasks: Readonly<Record<string, TaskShape>>;
}

type Fields = Readonly<Record<string, { readonly size: number; readonly pooling?: 'mean' | 'sum' }>>;

function fieldShapes(fields: Fields, manifests: readonly FieldManifest[]): FieldShape[] {
  return manifests.map(({ name, rows, buckets, multiValued, vocabularyHash }) => {
    const field = fields[name];
    if (!field) throw new Error(`the prepared data has a field \`${name}\` that the config does not`);
    const { size, pooling = 'mean' } = field;
    return { name, rows, buckets, size, vocabularyHash, ...(multiValued ? { pooling } : {}) };
  });
}

export function modelShape(config: Config, manifest: Pick<Manifest, 'fields'>): ModelShape {
  const { features, model } = config;
  return {
    itemFields: fieldShapes(features.item, manifest.fields.item),
    propertyFields: fieldShapes(features.properties, manifest.fields.properties),
    userFields: fieldShapes(features.user, manifest.fields.user),
    encoder: model.encoder,
    variant: model.variant,
    units: model.units,
    attentionUnits: model.attentionUnits,
    userUnits: model.userUnits,
    candidateUnits: model.candidateUnits,
    tasks: Object.fromEntries(
      Object.entries(config.tasks).map(([name, task]): [string, TaskShape] => {
        const { kind, query, tower } = task;
        const outputs = kind === 'multiclass' ? task.classes : 1;
        const candidate = kind === 'multiclass' ? null : task.candidate;
        return [name, { kind, outputs, candidate, query, layers: tower.layers }];
      }),
    ),
  };
}

const total = (fields: readonly FieldShape[]) => fields.reduce((sum, { size }) => sum + size, 0);

/** Units of the item vector e_t. */
export const itemUnits = (shape: ModelShape): number => total(shape.itemFields);

/** Units of the property vector p_t. */
export const propertyUnits = (shape: ModelShape): number => total(shape.propertyFields);

/** Whether the properties reach the recurrence (or, for the mean encoder, the mean). */
export const propertiesInEncoder = ({ variant, propertyFields }: ModelShape): boolean =>
  propertyFields.length > 0 && (variant === 'all' || variant === 'bplstm');

/** Whether the properties reach the attention. */
export const propertiesInAttention = ({ variant, propertyFields }: ModelShape): boolean =>
  propertyFields.length > 0 && (variant === 'all' || variant === 'bpatt');

/** Units of the state of one step, and so of rep_s. */
export const stateUnits = (shape: ModelShape): number =>
  shape.encoder === 'lstm'
    ? shape.units
    : itemUnits(shape) + (propertiesInEncoder(shape) ? propertyUnits(shape) : 0);
