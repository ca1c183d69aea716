/**
 * A whole training from its start: `dupn train` for an epoch (steps, validation, checkpoints, metrics), and the good PyTorch model
 * for an epoch with its validation and its saved weights.
 */
import { join } from 'node:path';
import { commandSide, dupn } from '../command.js';
import { median, ratioOf, takeTurns } from '../compare.js';
import { trainingData } from '../prepare.js';
import { say } from '../say.js';
import { OURS, torchCommand } from '../sides.js';
import { ALL_THREADS } from '../threads.js';

const TUNED = 'torch tuned';

const perSecond = ({ seconds }) => 1 / seconds;

export async function fit({ quick, ...context }) {
  const { python } = context;
  const settings = quick ? { rounds: 1, repeats: 0 } : { rounds: 3, repeats: 4 };
  const { config, prepared, folder } = await trainingData(context);
  say('whole trainings');
  const ours = [process.execPath, dupn, 'train', '-c', config, '--force', '--json', '--log-level', 'silent'];
  const theirs = [
    ...torchCommand(python, 'epoch', 'tuned', prepared, ALL_THREADS),
    ...['--save', join(folder, 'torch.pt')],
  ];
  const slices = await takeTurns(
    commandSide(OURS, python, ours, ALL_THREADS),
    [commandSide(TUNED, python, theirs, ALL_THREADS)],
    settings,
    {},
  );
  const seconds = (name) => median(slices.filter(({ side }) => side === name).map((slice) => slice.seconds));
  const validationAuc = {
    dupn: JSON.parse(slices[0].stdout).best?.score ?? null,
    torchTuned: JSON.parse(slices[1].stdout).auc,
  };
  return {
    settings,
    seconds: { [OURS]: seconds(OURS), [TUNED]: seconds(TUNED) },
    validationAuc,
    comparisons: [{ peer: TUNED, ratio: ratioOf(slices, OURS, TUNED, perSecond) }],
    slices: slices.map(({ stdout, ...slice }) => slice),
    ratios: { fitVsTorchTuned: ratioOf(slices, OURS, TUNED, perSecond).median },
  };
}
