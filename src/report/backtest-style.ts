/** How reports show the models of a backtest. */
import type { BacktestModel } from '../common/backtest-models.js';
import { palette } from './palette.js';
import type { SeriesStyle } from './series-style.js';

export const backtestStyles: Readonly<Record<BacktestModel, SeriesStyle>> = {
  updated: {
    colour: palette.blue.light,
    dash: [1, 0],
    shape: 'circle',
    about: 'learns each day after it was measured on it',
  },
  stale: {
    colour: palette.purple.light,
    dash: [2, 3],
    shape: 'triangle-up',
    about: 'stays as it was at the start',
  },
  retrained: {
    colour: palette.orange.light,
    dash: [8, 3],
    shape: 'square',
    about: 'is trained from scratch on all days before the one that it is measured on',
  },
};
