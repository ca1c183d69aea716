/**
 * What a backtest sets against each other. updated: learns each day after it was measured on it. stale: never learns
 * again. retrained: from scratch on all days before the one that it is measured on.
 */
export const BACKTEST_MODELS = ['updated', 'stale', 'retrained'] as const;

export type BacktestModel = (typeof BACKTEST_MODELS)[number];
