/** Parquet files of a prepared folder from rows, for what reads them beside the raw files that a world is written as. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openDatabase } from '../../src/common/database.js';
import { type Manifest, preparedPaths } from '../../src/common/prepared.js';
import { quoteIdentifier } from '../../src/common/sql.js';

type Value = string | number | null;

export interface Table {
  /** Name -> type. */
  readonly columns: Readonly<Record<string, string>>;
  readonly rows: readonly (readonly Value[])[];
}

export const limits = { memoryLimit: '300MB', threads: 2 };

const literal = (value: Value) =>
  typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : `${value ?? 'NULL'}`;

/** Path inside the folder -> its table. */
export async function writeParquet(folder: string, tables: Readonly<Record<string, Table>>): Promise<void> {
  const { connection, close } = await openDatabase(folder, limits);
  try {
    for (const [at, [path, { columns, rows }]] of Object.entries(tables).entries()) {
      const named = Object.entries(columns).map(([name, type]) => `${quoteIdentifier(name)} ${type}`);
      await connection.run(`CREATE TABLE t${at} (${named.join(', ')})`);
      for (let start = 0; start < rows.length; start += 1000) {
        const values = rows.slice(start, start + 1000).map((row) => `(${row.map(literal).join(', ')})`);
        await connection.run(`INSERT INTO t${at} VALUES ${values.join(', ')}`);
      }
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await connection.run(`COPY t${at} TO ${literal(join(folder, path))} (FORMAT parquet)`);
    }
  } finally {
    close();
  }
}

/** Changes keys of the manifest. */
export async function patchManifest(folder: string, changes: Partial<Manifest>): Promise<void> {
  const path = join(folder, preparedPaths.manifest);
  const { sha256: _, ...manifest } = JSON.parse(await readFile(path, 'utf8')) as Manifest & {
    sha256?: string;
  };
  await writeFile(path, JSON.stringify({ ...manifest, ...changes }));
}
