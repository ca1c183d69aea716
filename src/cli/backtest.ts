/** `dupn backtest`: a model that learns day by day, against one that does not and one that is retrained each day. */
import { join } from 'node:path';
import { Command } from 'commander';
import { lockFolder } from '../common/lock.js';
import type { BacktestResult } from '../experiments/backtest-result.js';
import type { Io } from './io.js';
import { type ConfigOptions, runCommand, withConfigOptions } from './session.js';

export function backtestCommand(io: Io): Command {
  return withConfigOptions(new Command('backtest'), {
    file: 'the YAML that names a base config and the days to measure',
    example: 'days=3',
  })
    .description(
      'go through the days of a log: measure each, then learn it, and set that against a model that stays as it is and one that is trained anew each day',
    )
    .action((options: ConfigOptions) =>
      runCommand(options, io, async (session) => {
        const { loadBacktest } = await import('../config/load-backtest.js');
        const settings = await loadBacktest(options.config, { set: options.set ?? [], env: io.env });
        const { backtest } = await import('../experiments/backtest.js');
        const { backtestSummary, backtestText } = await import('../experiments/backtest-text.js');
        const { backtestPaths, writeBacktestReport } = await import('../report/write-backtest-report.js');
        const { backtestWork, checkBacktestFolder, removeBacktest } = await import('./backtest-runs.js');
        const { folder } = settings;
        const lock = await lockFolder(folder, 'the backtest');
        try {
          const force = options.force ?? false;
          await checkBacktestFolder(settings, force);
          if (force) await removeBacktest(settings);
          const report = (result: BacktestResult) => writeBacktestReport(result, backtestSummary(result));
          const work = { ...backtestWork(settings, session), report };
          const result = await backtest(settings, work, session.context);
          return {
            json: result,
            text: `${backtestText(result, session.width)}\n${join(folder, backtestPaths.page)}`,
          };
        } finally {
          await lock.release();
        }
      }),
    );
}
