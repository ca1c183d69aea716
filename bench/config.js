/** The config of the benchmark: the sizes of the paper over the log of log.js. */
import { EVALUATION_FROM } from './log.js';

export const SIZES = {
  item: { item: 32, shop: 24, brand: 24, category: 16, tags: 28 },
  /** Each of four property fields. */
  property: 12,
  user: 16,
  units: 128,
  attentionUnits: 64,
  userUnits: 128,
  candidateUnits: 128,
  layers: [128, 64],
  maxEvents: 100,
};

export const BATCH_REQUESTS = 256;

/** Tasks that are prepared; all but the first are there to see what further towers cost. */
export const TASKS = ['ctr', 'task2', 'task3', 'task4', 'task5', 'task6', 'task7', 'task8'];

/** A value met less often than this in the training period has no row of its own. */
export const MIN_COUNT = 2;

/**
 * A config as text.
 * @param {{log: string, format: string, folder: string, tasks: readonly string[]}} places `log` has the tables, `folder` gets prepared data and runs
 */
export function configText({ log, format, folder, tasks }) {
  const { item } = SIZES;
  const source = `kind: binary, query: none, tower: { layers: [${SIZES.layers}], dropout: 0.2 }, samples: { files: impressions.${format}, request: request_id }`;
  return `
name: bench
data:
  root: ${log}
  timeZone: UTC
  log: { files: events.${format} }
  items: { files: items.${format} }
  users: { files: users.${format} }
features:
  item:
    item: { size: ${item.item}, minCount: ${MIN_COUNT} }
    shop: { size: ${item.shop} }
    brand: { size: ${item.brand} }
    category: { size: ${item.category} }
    tags: { size: ${item.tags}, separator: "|" }
  properties:
    behavior: { size: ${SIZES.property} }
    scenario: { size: ${SIZES.property} }
    partOfDay: { time: partOfDay, size: ${SIZES.property} }
    weekend: { time: weekend, size: ${SIZES.property} }
  user:
    age: { from: users, size: ${SIZES.user} }
    gender: { from: users, size: ${SIZES.user} }
    city: { from: users, size: ${SIZES.user} }
split: { evaluationFrom: ${EVALUATION_FROM}, validationLastDays: 1 }
tasks:
${tasks.map((task) => `  ${task}: { ${source} }`).join('\n')}
preprocess: { folder: ${folder}/prepared }
model:
  maxEvents: ${SIZES.maxEvents}
  units: ${SIZES.units}
  attentionUnits: ${SIZES.attentionUnits}
  userUnits: ${SIZES.userUnits}
  candidateUnits: { item: ${SIZES.candidateUnits} }
train: { epochs: 1, batchRequests: ${BATCH_REQUESTS}, tasks: [${tasks[0]}] }
run: { folder: ${folder}/runs }
`;
}
