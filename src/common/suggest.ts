/** Did-you-mean: the known name that is nearest to a mistyped one. */
import { closest, distance } from 'fastest-levenshtein';

/** `, did you mean x?`, or nothing where no name is near enough to be meant. */
export function suggest(name: string, known: readonly string[]): string {
  if (known.length === 0) return '';
  const nearest = closest(
    name.toLowerCase(),
    known.map((candidate) => candidate.toLowerCase()),
  );
  const original = known.find((candidate) => candidate.toLowerCase() === nearest)!;
  return distance(name.toLowerCase(), nearest) <=
    (name.length < 4 ? 1 : Math.max(2, Math.floor(name.length / 3)))
    ? `, did you mean \`${original}\`?`
    : '';
}
