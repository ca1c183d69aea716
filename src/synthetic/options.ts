/** What can be chosen about a generated log. */

export interface GenerateOptions {
  readonly users: number;
  readonly days: number;
  readonly seed: number;
  /** The first day, YYYY-MM-DD (UTC). */
  readonly start: string;
  /** Items that are ever on sale. */
  readonly items: number;
  readonly shops: number;
  readonly brands: number;
  readonly icons: number;
  /** How much what people like and want decides what they do: 1 as documented, 0 not at all (a negative control). */
  readonly signal: number;
  /** Writes the truth.*.csv.gz files too: the true probability behind each label, and what each person is like. */
  readonly truth: boolean;
}

/** Sizes that follow from the number of users unless they are given. */
export function withDefaults(given: Partial<GenerateOptions>): GenerateOptions {
  const users = given.users ?? 1000;
  const items = given.items ?? Math.max(200, Math.round(users * 1.5));
  return {
    users,
    days: given.days ?? 11,
    seed: given.seed ?? 1,
    start: given.start ?? '2026-01-05',
    items,
    shops: given.shops ?? Math.max(20, Math.round(items / 15)),
    brands: given.brands ?? Math.max(12, Math.round(items / 40)),
    icons: given.icons ?? 40,
    signal: given.signal ?? 1,
    truth: given.truth ?? false,
  };
}
