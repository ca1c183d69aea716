/** `dupn doctor`: what runs here, and what is wrong. */
import { Command } from 'commander';
import type { Kernels } from '../engine/native.js';
import type { Io } from './io.js';
import { runCommand, type SharedOptions, withSharedOptions } from './session.js';

export function doctorCommand(io: Io): Command {
  return withSharedOptions(new Command('doctor'))
    .description('check the engine and the machine')
    .action((options: SharedOptions) =>
      runCommand(options, io, async () => {
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

function kernelsText(kernels: Kernels | null): string {
  if (!kernels) return 'none';
  return kernels.kind === 'native'
    ? `our own, for ${kernels.instructions}`
    : `TensorFlow's BlockLSTMV2 (${kernels.reason})`;
}
