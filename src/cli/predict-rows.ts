/** Runs a prediction from its options to its report. */
import type { Context } from '../common/context.js';
import { UserError } from '../common/errors.js';
import { withDatabase } from '../delivery/database.js';
import { type Predicted, predict } from '../delivery/predict/predict.js';
import { fileWriter, type PredictionFormat, streamWriter } from '../delivery/predict/prediction-writer.js';
import { openHistories } from '../delivery/predict/prepared-histories.js';
import { formatOf, openRows, type RowFormat } from '../delivery/predict/row-source.js';
import { type AskedOptions, openAskedModel } from './asked-model.js';
import type { Io } from './io.js';
import { requireNewFile } from './new-file.js';
import type { Report } from './session.js';

export interface PredictOptions extends AskedOptions {
  readonly in: string;
  readonly format?: RowFormat;
  readonly out?: string;
  readonly task?: string;
}

/** Null where the predictions themselves went to stdout. */
export async function predictRows(options: PredictOptions, io: Io, context: Context): Promise<Report | null> {
  const { out, json, force } = options;
  if (out === undefined && json)
    throw new UserError('Cannot predict: --json prints the result on stdout, so name a file with --out');
  if (out !== undefined) requireNewFile(out, force === true);
  const format = out === undefined ? 'csv' : outputFormat(out);
  return withDatabase(async (connection) => {
    const { model, prepared, close } = await openAskedModel(connection, options, 'predict', { io, context });
    const histories = prepared && openHistories(connection, model.config, prepared, model.catalogues.items);
    try {
      const { stdin } = options.in === '-' ? io : { stdin: null };
      const source = await openRows(connection, options.in, { format: options.format, stdin });
      const input = { model, task: options.task, source, histories, context };
      const predicted = await predict(connection, input, (columns, outputs) => {
        const wanted = {
          hasRequest: columns.request !== undefined,
          hasCandidate: columns.candidate !== null,
          outputs,
        };
        return out === undefined
          ? Promise.resolve(streamWriter(io.stdout, 'csv', wanted))
          : fileWriter(out, format, wanted);
      });
      const text = describe(predicted);
      if (out !== undefined) return { json: { ...predicted, out }, text: `${text}\npredictions: ${out}` };
      context.logger.info(predicted, text);
      return null;
    } finally {
      histories?.close();
      close();
    }
  });
}

function outputFormat(path: string): PredictionFormat {
  const format = formatOf(path);
  if (format !== 'tsv' && !/\.gz$/i.test(path)) return format;
  throw new UserError(`Cannot write ${path}: expected a name that ends in .csv, .jsonl or .parquet`);
}

function describe({ task, rows, rejected, predictions, requests, unknown, seconds }: Predicted): string {
  const speed = Math.round(predictions / Math.max(seconds, 1e-3));
  return (
    `${task}: ${predictions} predictions of ${requests} requests from ${rows} rows (${rejected} bad) in ${seconds.toFixed(1)} s, ` +
    `${speed}/s; unknown: ${unknown.users} requests' users, ${unknown.candidates} candidates`
  );
}
