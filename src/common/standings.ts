/** Where a model stands beside each baseline, by the metric that its task is first of all measured by. */

export interface Standing {
  readonly baseline: string;
  /** What the model has more. */
  readonly difference: number;
  readonly interval: { readonly low: number; readonly high: number };
  /** By the interval. */
  readonly word: 'above' | 'below' | 'not told apart';
}

type Difference = Pick<Standing, 'difference'> & { readonly interval: Standing['interval'] | null };

/** `differences`: baseline -> metric -> difference, of a task; more of `measure` is better. Those with an interval. */
export function standingsOf(
  differences: Readonly<Record<string, Readonly<Record<string, Difference | null>>>> = {},
  measure: string,
): Standing[] {
  return Object.entries(differences).flatMap(([baseline, { [measure]: of }]) =>
    of?.interval
      ? [{ baseline, difference: of.difference, interval: of.interval, word: wordOf(of.interval) }]
      : [],
  );
}

function wordOf({ low, high }: Standing['interval']): Standing['word'] {
  if (low > 0) return 'above';
  return high < 0 ? 'below' : 'not told apart';
}

/** `above item, seen; not told apart from shop`; empty without a standing. */
export function standingsText(standings: readonly Standing[]): string {
  const groups = [
    ['above', 'above'],
    ['below', 'below'],
    ['not told apart', 'not told apart from'],
  ] as const;
  return groups
    .flatMap(([word, text]) => {
      const names = standings.filter((each) => each.word === word).map(({ baseline }) => baseline);
      return names.length > 0 ? [`${text} ${names.join(', ')}`] : [];
    })
    .join('; ');
}
