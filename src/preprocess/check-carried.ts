/** Whether an earlier encoding fits the config that carries it on. */
import { UserError } from '../common/errors.js';
import { PREPARED_FORMAT } from '../common/prepared.js';
import type { Config } from '../config/schema.js';
import type { Carried } from './carried.js';
import { damagedFiles } from './reuse.js';

/** What is compared of a field, number or task: of the config, and of the earlier folder's. */
type Traits = Readonly<Record<string, unknown>>;

/** @throws UserError that names every field, number or task of both that is not the same in them, or the folder's missing files */
export async function checkCarried(config: Config, { folder, manifest }: Carried): Promise<void> {
  if (manifest.format !== PREPARED_FORMAT) {
    throw new UserError(
      `Cannot carry on the encoding of ${folder}: expected prepared data of format ${PREPARED_FORMAT}, got ${manifest.format}`,
    );
  }
  const damaged = await damagedFiles(folder, manifest);
  if (damaged.length > 0) {
    throw new UserError(
      `Cannot carry on the encoding of ${folder}: its files are missing or have changed: ${damaged.join(', ')}`,
    );
  }
  const was = traitsOf(manifest.config as Config);
  const now = traitsOf(config);
  const lines = Object.entries(now).flatMap(([name, traits]) => {
    const before = was[name];
    if (!before) return [];
    return Object.keys({ ...before, ...traits }).flatMap((trait) => {
      const [a, b] = [before[trait], traits[trait]].map((value) => JSON.stringify(value) ?? 'not set');
      return a === b ? [] : [`${name}: ${trait} was ${a}, now ${b}`];
    });
  });
  if (lines.length > 0) {
    throw new UserError(
      `Cannot carry on the encoding of ${folder}: what both have must be the same\n  ${lines.join('\n  ')}`,
    );
  }
}

/** What decides the meaning of indexes, units and levels, by the key of the config; of a prepared slice as of a config. */
function traitsOf({ features, entities, tasks }: Pick<Config, 'features' | 'entities' | 'tasks'>) {
  const traits: Record<string, Traits> = {};
  const add = (prefix: string, fields: object, of: (field: never) => Traits) => {
    for (const [name, field] of Object.entries(fields)) traits[`${prefix}.${name}`] = of(field as never);
  };
  const field = ({ buckets, separator }: { buckets: number; separator?: string }) => ({ buckets, separator });
  add('features.item', features.item, field);
  add('features.itemNumbers', features.itemNumbers, ({ scale }: { scale: string }) => ({ scale }));
  add(
    'features.properties',
    features.properties,
    ({ buckets, time }: { buckets: number; time?: string }) => ({
      buckets,
      time,
    }),
  );
  add('features.user', features.user, ({ buckets }: { buckets: number }) => ({ buckets }));
  if (features.query) {
    const { buckets, tokens } = features.query;
    traits['features.query'] = { buckets, tokens };
  }
  for (const [entity, { fields, numbers }] of Object.entries(entities)) {
    add(
      `entities.${entity}.fields`,
      fields,
      ({ shares, ...own }: { buckets: number; separator?: string; shares?: string }) =>
        shares === undefined ? field(own) : { shares },
    );
    add(`entities.${entity}.numbers`, numbers, ({ scale }: { scale: string }) => ({ scale }));
  }
  for (const [name, task] of Object.entries(tasks)) {
    if (task.kind !== 'multiclass' || !task.labels) continue;
    const { column, within } = task.labels.level;
    traits[`tasks.${name}`] = { classes: task.classes, level: column, within };
  }
  return traits;
}
