/**
 * DuckDB in memory, and in a temporary folder beyond the memory limit; the same result at any thread count. A database
 * in a file would compress every table, which takes half as long again.
 */
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBDataChunk, DuckDBInstance, INTEGER } from '@duckdb/node-api';
import { quoteLiteral } from './sql.js';

export interface Database {
  readonly connection: DuckDBConnection;
  /** Once closed, it stays so. */
  close(): void;
}

/** For `whileRunning`; nothing is printed. */
const SETTINGS = [
  'SET enable_progress_bar = true',
  'SET enable_progress_bar_print = false',
  'SET progress_bar_time = 0',
];

const LOOK_INTERVAL_MS = 500;

/** What both engines' SQL of the plan is written with. */
const MACROS = [
  // Of integers that are not negative.
  'CREATE MACRO floor_div(a, b) AS a // b',
  'CREATE MACRO floor_mod(a, b) AS a % b',
];

export async function openDatabase(
  folder: string,
  { memoryLimit, threads }: { readonly memoryLimit: string; readonly threads?: number | undefined },
): Promise<Database> {
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: memoryLimit,
    temp_directory: join(folder, 'spill'),
    ...(threads === undefined ? {} : { threads: `${threads}` }),
  });
  const connection = await instance.connect();
  for (const setting of SETTINGS) await connection.run(setting);
  for (const macro of MACROS) await connection.run(macro);
  let isOpen = true;
  return {
    connection,
    close() {
      if (!isOpen) return;
      isOpen = false;
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/**
 * Says meanwhile, twice a second, what share of the running statement DuckDB takes for done, which may jump; null where none
 * runs. Only on a connection of `openDatabase`.
 */
export async function whileRunning<T>(
  connection: DuckDBConnection,
  onProgress: (share: number | null) => void,
  run: () => Promise<T>,
): Promise<T> {
  const timer = setInterval(() => {
    const { percentage } = connection.progress;
    onProgress(percentage < 0 ? null : Math.min(1, percentage / 100));
  }, LOOK_INTERVAL_MS);
  try {
    return await run();
  } finally {
    clearInterval(timer);
  }
}

/** Rows of a query as arrays of its columns' values. */
export async function rowsOf<T extends readonly unknown[]>(
  connection: DuckDBConnection,
  sql: string,
): Promise<T[]> {
  const reader = await connection.runAndReadAll(sql);
  return reader.getRows() as unknown as T[];
}

/** One number; BIGINT comes as a number too, so it must be a safe integer. */
export async function numberOf(connection: DuckDBConnection, sql: string): Promise<number> {
  const [row] = await rowsOf<[number | bigint | null]>(connection, sql);
  return Number(row?.[0] ?? 0);
}

/** Values of a column of numbers of at most 64 bits that is neither BIGINT nor DECIMAL. */
type Numbers = ArrayLike<number>;

/** Rows of a query of such columns, without a NULL, as many at a time as DuckDB gives; valid until the visitor returns. */
export async function eachChunk(
  connection: DuckDBConnection,
  sql: string,
  visit: (columns: readonly Numbers[], rows: number) => void,
): Promise<void> {
  const result = await connection.stream(sql);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) return;
    const columns = Array.from({ length: chunk.columnCount }, (_, at) => {
      const { items } = chunk.getColumnVector(at) as unknown as { readonly items: Numbers };
      return items;
    });
    visit(columns, chunk.rowCount);
  }
}

const VECTOR_ROWS = 2048;

/** Appends rows to a table that has INTEGER columns alone. */
export async function appendIntegers(
  connection: DuckDBConnection,
  table: string,
  columns: readonly Int32Array[],
): Promise<void> {
  const appender = await connection.createAppender(table);
  const chunk = DuckDBDataChunk.create(columns.map(() => INTEGER));
  for (let start = 0; start < columns[0]!.length; start += VECTOR_ROWS) {
    chunk.reset();
    chunk.setColumns(columns.map((column) => [...column.subarray(start, start + VECTOR_ROWS)]));
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}

/** Writes a query's rows to a Parquet file in the order of the query. */
export async function copyToParquet(connection: DuckDBConnection, sql: string, path: string): Promise<void> {
  await connection.run(
    `COPY (${sql}) TO ${quoteLiteral(path)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)`,
  );
}
