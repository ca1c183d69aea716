/** How reports show the strategies of a transfer. */
import type { Strategy } from '../common/strategies.js';
import { palette } from './palette.js';
import type { SeriesStyle } from './series-style.js';

export const strategyStyles: Readonly<Record<Strategy, SeriesStyle>> = {
  'retrain-single': {
    colour: palette.purple.light,
    dash: [2, 3],
    shape: 'triangle-up',
    about: 'a new model of the new task alone',
  },
  'retrain-all': {
    colour: palette.orange.light,
    dash: [8, 3],
    shape: 'square',
    about: 'a new model of the new task and those of the base together',
  },
  representation: {
    colour: palette.green.light,
    dash: [8, 3, 2, 3],
    shape: 'diamond',
    about: "the base's user representation stays as it is, and only the tower of the new task is trained",
  },
  'fine-tune': {
    colour: palette.blue.light,
    dash: [1, 0],
    shape: 'circle',
    about: 'the whole model is trained on the new task, starting from the base',
  },
};
