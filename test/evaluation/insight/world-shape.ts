/** A model for the tasks of a world: some ask with words, with the candidate or with nothing. */
import type { FieldManifest } from '../../../src/common/prepared.js';
import { tableName } from '../../../src/common/table-name.js';
import type { FieldShape, ModelShape, TaskShape } from '../../../src/model/shape.js';
import type { World } from '../../dataset/prepared-world.js';

const fieldShape = (group: string, { name, rows, buckets, multiValued }: FieldManifest): FieldShape => ({
  name,
  table: tableName(group, name),
  rows,
  buckets,
  size: 3,
  vocabularyHash: '',
  ...(multiValued ? { pooling: 'mean' } : {}),
});

const task: TaskShape = {
  kind: 'binary',
  outputs: 1,
  features: [],
  candidate: 'item',
  query: 'none',
  layers: [5],
  batchNormalisation: false,
  weightCorrection: [0],
  drawCorrection: 0,
};

export function worldShape({ fields, entityFields, ranking }: World): ModelShape {
  const number = (name: string) => ({ name, scale: 'linear' as const, mean: 0, deviation: 1 });
  return {
    itemFields: fields.item.map((field) => fieldShape('item', field)),
    itemNumbers: ['price', 'rating'].map(number),
    propertyFields: fields.properties.map((field) => fieldShape('property', field)),
    userFields: fields.user.map((field) => fieldShape('user', field)),
    queryField: fieldShape('query', fields.query!),
    encoder: 'lstm',
    variant: 'all',
    maxEvents: 12,
    peepholes: false,
    units: 6,
    attentionUnits: 5,
    userUnits: 4,
    candidateUnits: { item: 4, shop: 4 },
    entities: {
      shop: {
        fields: entityFields.shop!.map((field) =>
          fieldShape(field.shares === undefined ? 'shop' : 'item', field),
        ),
        numbers: [number('sales')],
      },
    },
    tasks: {
      ctr: { ...task, weightCorrection: [-0.5] },
      buy: { ...task, query: 'candidate', drawCorrection: Math.log(0.1) },
      level: {
        ...task,
        kind: 'multiclass',
        outputs: 4,
        candidate: null,
        query: 'text',
        weightCorrection: [0.5, 0, -0.5, 0],
      },
      follow: { ...task, candidate: 'shop' },
      order: { ...task, kind: 'rank', candidate: null, features: ranking.order! },
    },
    fixedTables: [],
    taskWeighting: 'fixed',
  };
}
