/** The ranking features of a task's samples, row by row in one file: computed ones and the columns that the user brings. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { preparedPaths, type RankingFeature } from '../../common/prepared.js';
import type { Config, SampleSource } from '../../config/schema.js';
import type { Encoding } from '../carried.js';
import { type Inputs, number } from '../items.js';
import { writeRawFiles } from '../raw-files.js';
import { computedFeatures, joinComputedFeatures, tasksWithComputedFeatures } from './computed-features.js';
import { normaliseFeatures } from './normalise-features.js';

/** In the order in which they are stored: the constant, the computed features, then the columns of the samples. */
export async function writeFeatures(
  connection: DuckDBConnection,
  folder: string,
  config: Config,
  inputs: Inputs,
  { task, taskNumber }: { readonly task: string; readonly taskNumber: number },
  encoding: Encoding,
): Promise<readonly RankingFeature[]> {
  const source: SampleSource = config.tasks[task]!.samples;
  const input = inputs.samples[task]!;
  const brought = (source.features ?? []).map((name) => ({ name, sql: `own.${number(input, name)}` }));
  const isComputed = tasksWithComputedFeatures(config).includes(taskNumber);
  const computed = isComputed
    ? computedFeatures(config, inputs).filter(({ name }) => !source.features?.includes(name))
    : [];
  const columns = [...computed, ...brought];
  // Worked out once: they are gone through three times.
  const values = columns.map(({ sql }, at) => `, ${sql} AS f${at}`).join('');
  await connection.run(`CREATE TABLE sample_features AS SELECT s.rowid AS place, r.split${values}
    FROM sample_rows s JOIN ${input.table} own ON own.rowid = s.ord JOIN request_rows r USING (request)
    ${isComputed ? joinComputedFeatures(config, inputs) : ''} WHERE s.task = ${taskNumber}`);
  const { features, sql } = await normaliseFeatures(
    connection,
    columns.map(({ name }, at) => ({ name, sql: `f${at}` })),
    'FROM sample_features WHERE split = 0',
    encoding.features(task),
  );
  await writeRawFiles(
    connection,
    folder,
    [{ path: preparedPaths.sampleFeatures(task), sql }],
    'FROM sample_features ORDER BY place',
  );
  await connection.run('DROP TABLE sample_features');
  return features;
}
