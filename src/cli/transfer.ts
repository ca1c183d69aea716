/** `dupn transfer`: a new task on a trained model by four strategies, with curves. */
import { join } from 'node:path';
import { Command } from 'commander';
import { lockFolder } from '../common/lock.js';
import type { TrainedBase } from '../experiments/transfer.js';
import type { TransferResult } from '../experiments/transfer-result.js';
import type { PlannedBase, PlannedStrategy } from '../experiments/transfer-runs.js';
import type { Io } from './io.js';
import { type ConfigOptions, runCommand, withConfigOptions } from './session.js';

export function transferCommand(io: Io): Command {
  return withConfigOptions(new Command('transfer'), {
    file: 'the YAML that names a base config, the new task and the strategies',
    example: 'seeds=[1]',
  })
    .description(
      'bring a trained representation to a new task by several strategies, and draw their curves; data and base that are not there yet are made',
    )
    .action((options: ConfigOptions) =>
      runCommand(options, io, async (session) => {
        const { loadTransfer } = await import('../config/load-transfer.js');
        const settings = await loadTransfer(options.config, { set: options.set ?? [], env: io.env });
        const { transfer } = await import('../experiments/transfer.js');
        const { transferSummary, transferText } = await import('../experiments/transfer-text.js');
        const { transferPaths, writeTransferReport } = await import('../report/write-transfer-report.js');
        const { baseRun, checkTransfer, prepareTransfer, strategyRun } = await import('./transfer-runs.js');
        const { folder } = settings;
        const force = options.force ?? false;
        const lock = await lockFolder(folder, 'the transfer');
        try {
          const data = await prepareTransfer(settings, session);
          await checkTransfer(settings, data);
          const work = {
            base: (planned: PlannedBase) => baseRun(planned, settings.baseRun, data, force, session),
            strategy: (planned: PlannedStrategy, base: TrainedBase | null) =>
              strategyRun(planned, base, settings, data, force, session),
            report: (result: TransferResult) => writeTransferReport(result, transferSummary(result)),
          };
          const result = await transfer(settings, data.whole.manifest, work, session.context);
          return {
            json: result,
            text: `${transferText(result, session.width)}\n${join(folder, transferPaths.page)}`,
          };
        } finally {
          await lock.release();
        }
      }),
    );
}
