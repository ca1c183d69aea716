/** What a model does with behaviours, from a seeded choice of evaluation requests: for people to look at. */

/** Mean activation of the gates over the units, in [0, 1]. */
export interface Gates {
  readonly input: number;
  readonly forget: number;
  readonly output: number;
}

/** Behaviours that have something in common. */
export interface BehaviourGroup {
  readonly value: string;
  readonly behaviours: number;
  /** Mean of weight times length of the history: 1 is an equal share. */
  readonly attention: number;
  /** Null for a model without a recurrence. */
  readonly gates: Gates | null;
}

export interface BehaviourGroups {
  /** A property field, `age` or `place` (the last behaviour is 1). */
  readonly by: string;
  /** Of fields by falling number of behaviours, of age and place from the nearest. */
  readonly groups: readonly BehaviourGroup[];
}

export interface ShownBehaviour {
  /** Seconds since 1970. */
  readonly time: number;
  readonly ageSeconds: number;
  readonly itemId: string;
  /** Field -> text, `(missing)` or `(out of vocabulary)`, several values joined by `, `. */
  readonly item: Readonly<Record<string, string>>;
  readonly properties: Readonly<Record<string, string>>;
  /** Of the attention; all behaviours of a history add up to 1. */
  readonly weight: number;
  readonly gates: Gates | null;
}

/** One request of one user, as the attention of the model sees it. */
export interface ShownHistory {
  readonly userId: string;
  /** Seconds since 1970. */
  readonly time: number;
  /** What the history is asked with: nothing, the words of the search query, or a candidate item. */
  readonly asked: { readonly kind: 'none' | 'text' | 'candidate'; readonly text: string };
  /** For each sample of the request, of up to some per task. */
  readonly predictions: readonly {
    readonly task: string;
    readonly candidate: string | null;
    readonly label: number;
    /** Of a binary task the probability of label 1, of several classes that of the label. */
    readonly probability: number;
  }[];
  /** Latest first. */
  readonly behaviours: readonly ShownBehaviour[];
}

/** w(rep) of a task that ranks by s = w(rep)^T r, over the requests. */
export interface FeatureWeight {
  readonly feature: string;
  readonly mean: number;
  /** 10 % and 90 % quantiles. */
  readonly low: number;
  readonly high: number;
}

export interface Insight {
  /** Requests that this is from. */
  readonly requests: number;
  readonly groups: readonly BehaviourGroups[];
  readonly histories: readonly ShownHistory[];
  /** Task that ranks -> its features, the largest mean of |w| first. */
  readonly featureWeights: Readonly<Record<string, readonly FeatureWeight[]>>;
}
