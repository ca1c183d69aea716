/** Writes the best weights of a run in one of the formats that others read. */
import type { Progress } from '../common/context.js';
import type { Config } from '../config/schema.js';
import { withDatabase } from '../delivery/database.js';
import type { GoldenCheck } from '../delivery/golden.js';
import { makeGolden } from '../delivery/make-golden.js';
import { writeOnnx } from '../delivery/onnx/write-onnx.js';
import { writeBundle } from '../delivery/write-bundle.js';
import { openRunModel } from './open-run-model.js';
import type { Prepared } from './require-prepared.js';

export interface ExportOptions {
  readonly format: 'bundle' | 'onnx';
  readonly folder: string;
  readonly force: boolean;
  /** A folder or a name; undefined for the run of the config. */
  readonly run: string | undefined;
}

export interface Exported {
  readonly bytes: number;
  readonly golden: GoldenCheck;
}

/** @throws UserError when the run has no weights, or something lies in the folder */
export async function exportRun(
  config: Config,
  prepared: Prepared,
  { format, folder, force, run }: ExportOptions,
  progress: Progress,
): Promise<Exported> {
  return withDatabase(async (connection) => {
    const opened = await openRunModel(connection, config, prepared, run, progress);
    try {
      const golden = await makeGolden(connection, opened.prepared, opened.model);
      const input = { ...opened, golden, folder, force };
      return format === 'onnx' ? await writeOnnx(input) : await writeBundle(connection, input);
    } finally {
      opened.close();
    }
  });
}
