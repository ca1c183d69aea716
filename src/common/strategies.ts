/** How a trained model meets a new task (Ni et al., KDD 2018, section 4.5): STRe, ALRe, RepT and FT in the paper. */
export const STRATEGIES = ['retrain-single', 'retrain-all', 'representation', 'fine-tune'] as const;

export type Strategy = (typeof STRATEGIES)[number];

/** Those that start from the weights of a base. */
export const startsFromBase = (strategy: Strategy): boolean =>
  strategy === 'representation' || strategy === 'fine-tune';
