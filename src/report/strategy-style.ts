/** How reports show the strategies of a transfer: told apart by colour, by dashes and by the shape of points. */
import type { Strategy } from '../common/strategies.js';
import { type Colour, palette } from './palette.js';

export interface StrategyStyle {
  readonly colour: string;
  readonly dash: readonly number[];
  readonly shape: string;
  /** What it trains. */
  readonly about: string;
}

const colour = (name: Colour) => palette[name].light;

export const strategyStyles: Readonly<Record<Strategy, StrategyStyle>> = {
  'retrain-single': {
    colour: colour('purple'),
    dash: [2, 3],
    shape: 'triangle-up',
    about: 'a new model of the new task alone',
  },
  'retrain-all': {
    colour: colour('orange'),
    dash: [8, 3],
    shape: 'square',
    about: 'a new model of the new task and those of the base together',
  },
  representation: {
    colour: colour('green'),
    dash: [8, 3, 2, 3],
    shape: 'diamond',
    about: "the base's user representation stays as it is, and only the tower of the new task is trained",
  },
  'fine-tune': {
    colour: colour('blue'),
    dash: [1, 0],
    shape: 'circle',
    about: 'the whole model is trained on the new task, starting from the base',
  },
};
