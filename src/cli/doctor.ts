/** `dupn doctor`: what runs here, and what is wrong with it or with what was written. */
import { Command } from 'commander';
import type { Progress } from '../common/context.js';
import type { Kernels } from '../engine/native.js';
import type { CheckedFolder } from './check-folder.js';
import type { Io } from './io.js';
import { type Report, runCommand, type SharedOptions, withSharedOptions } from './session.js';

export function doctorCommand(io: Io): Command {
  return withSharedOptions(new Command('doctor'))
    .description('check the engine and the machine, or the checksums of what was written')
    .argument(
      '[folders...]',
      'prepared data, runs, bundles or ONNX graphs whose files are checked, instead of the machine',
    )
    .action((folders: readonly string[], options: SharedOptions) =>
      runCommand(options, io, async ({ context }) => {
        if (folders.length > 0) return checkFolders(folders, context.progress);
        const { diagnose } = await import('../engine/diagnose.js');
        const found = diagnose();
        const { engine, cpu, memory, problems } = found;
        const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
        const lines = [
          `Node.js     ${found.node} on ${found.platform}`,
          `engine      tfjs-node ${engine.tfjsNode ?? 'missing'}, TensorFlow ${engine.tensorflow ?? 'does not load'} (${engine.source ?? 'not set up'})`,
          `kernels     ${kernelsText(engine.kernels)}`,
          `CPU         ${cpu.model}, ${cpu.threads} threads, ${cpu.features.join(' ') || 'features unknown'}`,
          `memory      ${gigabytes(memory.totalBytes)}, ${gigabytes(memory.freeBytes)} free`,
          `DuckDB      ${found.duckdb ?? 'missing'}`,
          ...problems.map(({ what, remedy }) => `problem: ${what}\n  ${remedy}`),
        ];
        return {
          json: found,
          text: [...lines, ...(problems.length === 0 ? ['no problem found'] : [])].join('\n'),
          // A machine on which nothing can be trained is a failed check.
          ...(engine.tensorflow === null && {
            failure: 'Cannot train on this machine: the engine does not load',
          }),
        };
      }),
    );
}

async function checkFolders(folders: readonly string[], progress: Progress): Promise<Report> {
  const { checkFolder } = await import('./check-folder.js');
  const checked: Record<string, CheckedFolder> = {};
  for (const folder of folders) checked[folder] = await checkFolder(folder, progress);
  const lines = Object.entries(checked).map(
    ([folder, { files, bytes, wrong }]) =>
      `${folder}: ${files} files, ${(bytes / 1e9).toFixed(3)} GB, ${wrong.length} wrong`,
  );
  const wrong = Object.values(checked).flatMap((folder) => folder.wrong);
  return {
    json: checked,
    text: lines.join('\n'),
    ...(wrong.length > 0 && { failure: ['Cannot trust these files:', ...wrong].join('\n  ') }),
  };
}

function kernelsText(kernels: Kernels | null): string {
  if (!kernels) return 'none';
  return kernels.kind === 'native'
    ? `our own, for ${kernels.instructions}`
    : `TensorFlow's BlockLSTMV2 (${kernels.reason})`;
}
