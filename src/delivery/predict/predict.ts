/** Scores of the rows of a file or stream, a piece at a time: memory does not grow with them. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Context } from '../../common/context.js';
import { UserError } from '../../common/errors.js';
import { percent } from '../../common/percent.js';
import type { LookUps } from '../field-encoder.js';
import type { OpenModel } from '../open-model.js';
import { type AskColumns, askColumns, requireColumns } from './ask-columns.js';
import { Piece } from './piece.js';
import type { PredictionWriter } from './prediction-writer.js';
import type { PreparedHistories } from './prepared-histories.js';
import { type Ask, readAsk } from './read-ask.js';
import { timeReader } from './read-times.js';
import { type BadRow, isBad, type RowSource } from './row-source.js';

/** Rows that are in memory at a time, and events of histories of their own and candidates that they may hold. */
const PIECE = { rows: 16_384, parts: 131_072 };

/** Bad rows that are told of one by one. */
const SHOWN = 5;

export interface PredictInput {
  readonly model: OpenModel;
  /** The task, where the model has several. */
  readonly task: string | undefined;
  readonly source: RowSource;
  /** Where histories come from that the rows do not bring; null where they have to. */
  readonly histories: PreparedHistories | null;
  readonly context: Context;
}

export interface Predicted {
  readonly task: string;
  readonly rows: number;
  readonly rejected: number;
  readonly predictions: number;
  /** Requests that were told apart, each encoded once. */
  readonly requests: number;
  /** Requests of users that the prepared data does not have, and candidates whose id the model does not know. */
  readonly unknown: { readonly users: number; readonly candidates: number };
  /** `<group>/<field>` -> values that were looked up as text, and those of them that its vocabulary does not have. */
  readonly lookUps: Readonly<Record<string, LookUps>>;
  readonly seconds: number;
}

/** @throws UserError for a file that lacks columns, and where more rows than data.maxRejectRatio are bad */
export async function predict(
  connection: DuckDBConnection,
  { model, task, source, histories, context }: PredictInput,
  open: (columns: AskColumns, outputs: number) => Promise<PredictionWriter>,
): Promise<Predicted> {
  const { config, weights } = model;
  const columns = askColumns(config, weights.shape, task);
  if (source.columns) requireColumns(source.columns, columns, source.name);
  if (source.columns && !source.columns.includes('history') && !histories) {
    throw new UserError(
      `Cannot predict ${columns.task} of ${source.name}: required histories, from prepared data (--prepared) or in JSON lines, got neither`,
    );
  }
  const isTyped = columns.time.columns.length === 1 && source.times.has(columns.time.columns[0]!);
  const piece = new Piece(
    model,
    columns,
    histories,
    timeReader(connection, isTyped ? { ...columns.time, format: 'iso' } : columns.time),
    timeReader(connection, columns.log.time),
  );
  const writer = await open(columns, weights.shape.tasks[columns.task]!.outputs);
  const bar = context.progress.start('predict', 0);
  const startMs = performance.now();
  let [rows, rejected] = [0, 0];
  const reject = ({ line, reason }: BadRow) => {
    if (rejected++ < SHOWN)
      context.logger.warn({ file: source.name, line }, `${source.name}:${line}: ${reason}`);
  };
  const work = async (asks: readonly Ask[]) => {
    for (const bad of await piece.score(asks, writer)) reject(bad);
    bar.update(rows, { rejected });
  };
  try {
    let asks: Ask[] = [];
    let parts = 0;
    for await (const block of source.rows) {
      for (const row of block) {
        rows++;
        const ask = isBad(row) ? row : readAsk(row, columns);
        if (isBad(ask)) reject(ask);
        else {
          asks.push(ask);
          parts += ask.samples.length + (ask.history?.length ?? 0);
        }
        if (asks.length < PIECE.rows && parts < PIECE.parts) continue;
        await work(asks);
        [asks, parts] = [[], 0];
      }
    }
    await work(asks);
    if (rejected > config.data.maxRejectRatio * rows)
      throw tooMany(source, rejected, rows, config.data.maxRejectRatio);
    await writer.close();
  } catch (error) {
    await writer.abandon();
    throw error;
  } finally {
    bar.stop();
  }
  const seconds = (performance.now() - startMs) / 1000;
  return { task: columns.task, rows, rejected, ...piece.counts, lookUps: model.encoder.lookUps, seconds };
}

function tooMany({ name }: RowSource, rejected: number, rows: number, ratio: number): UserError {
  return new UserError(
    `Cannot predict ${name}: required at most ${percent(ratio)} bad rows (data.maxRejectRatio), got ${rejected} of ${rows}`,
  );
}
