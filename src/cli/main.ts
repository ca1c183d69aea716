/** The command line: arguments in, exit code out. The one place where errors end. */
import { Command, CommanderError } from 'commander';
import { messageOf, UserError } from '../common/errors.js';
import { Interrupted, onInterrupt } from '../common/interrupted.js';
import { LostCluster } from '../common/lost-cluster.js';
import { printableLines } from '../common/printable.js';
import { systemProblem } from '../common/system-problem.js';
import { abCommand } from './ab.js';
import { backtestCommand } from './backtest.js';
import { compareCommand } from './compare.js';
import { doctorCommand } from './doctor.js';
import { embedCommand } from './embed.js';
import { evalCommand } from './eval.js';
import { exportCommand } from './export.js';
import { generateCommand } from './generate.js';
import { initCommand } from './init.js';
import { type Io, processIo } from './io.js';
import { predictCommand } from './predict.js';
import { preprocessCommand } from './preprocess.js';
import { reportCommand } from './report.js';
import { serveCommand } from './serve.js';
import { showCommand } from './show.js';
import { trainCommand } from './train.js';
import { transferCommand } from './transfer.js';
import { validateCommand } from './validate.js';
import { version } from './version.js';

/** 0 when done, 2 for what the user can fix, 1 for a fault of ours, 128 and the number of a signal that has stopped it, 138 where others it trains with are gone. */
export async function main(argv: readonly string[], io: Io = processIo): Promise<number> {
  for (const stream of [io.stdout, io.stderr]) {
    if (!stream.listeners('error').includes(ignoreClosed)) stream.on('error', ignoreClosed);
  }
  // The first process of a container is ended by no signal that it doesn't listen to.
  if (process.pid === 1) onInterrupt(() => {});
  try {
    await program(io).parseAsync(argv, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof Interrupted || error instanceof LostCluster) {
      io.stderr.write(`${printableLines(error.message)}\n`);
      return error.exitCode;
    }
    const problem = error instanceof UserError ? error.message : systemProblem(error);
    if (problem !== null) {
      io.stderr.write(`${printableLines(problem)}\n`);
      return 2;
    }
    const text = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
    io.stderr.write(`${printableLines(text)}\n`);
    return 1;
  }
}

/**
 * Who reads only the start of the output (`dupn show ... | head`) closes it early (EPIPE), and a terminal may be gone before the
 * signal that says so is dealt with (EIO); the error comes after the write.
 */
function ignoreClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
}

function program(io: Io): Command {
  const root = new Command('dupn')
    .description('One user representation from behaviour logs, for many tasks (DUPN, KDD 2018)')
    .version(version())
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
    })
    .exitOverride()
    .showHelpAfterError('(add --help for the options)');
  const commands = [
    initCommand,
    validateCommand,
    preprocessCommand,
    trainCommand,
    evalCommand,
    compareCommand,
    transferCommand,
    backtestCommand,
    predictCommand,
    embedCommand,
    exportCommand,
    serveCommand,
    abCommand,
    reportCommand,
    showCommand,
    generateCommand,
    doctorCommand,
  ];
  for (const command of commands) root.addCommand(command(io).copyInheritedSettings(root));
  return root;
}
