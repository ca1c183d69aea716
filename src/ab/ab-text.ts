/** The result of an experiment as text. */
import { byChanceText, pText } from '../common/p-value-text.js';
import { percent } from '../common/percent.js';
import { formatTable } from '../common/table.js';
import type { AbMetric, AbResult, AbRow } from './analyse.js';
import { MISMATCH } from './sample-ratio.js';

const TITLES: Readonly<Record<AbMetric, string>> = {
  ctr: 'CTR',
  cvr: 'CVR',
  revenuePerUser: 'revenue per user',
};

export function abText(result: AbResult, width: number | null): string {
  const { control, users, sampleRatio, mixedUsers, unexposed, early, rows } = result;
  const { chiSquare, degrees, pValue } = sampleRatio;
  const counts = Object.entries(users).map(([name, count]) => `${name} ${count}`);
  const lines = [
    `users: ${counts.join(', ')}; control: ${control}`,
    `sample ratio: chi-square ${chiSquare.toFixed(2)} with ${degrees} degrees of freedom, p ${pText(pValue)}`,
  ];
  if (pValue < MISMATCH) {
    lines.push(
      'The variants have other shares of the users than they should: whatever made them differ may have made the results, which ' +
        'should not be believed before it is found.',
    );
  }
  if (mixedUsers > 0) lines.push(`left out: ${mixedUsers} users who were exposed to several variants`);
  if (unexposed + early > 0) {
    lines.push(
      `not counted: ${unexposed} outcomes of users who were not exposed, ${early} from before the first exposure`,
    );
  }
  const known = rows.filter(({ result }) => result?.pValue != null);
  const table = formatTable(
    ['slice', 'metric', 'variant', 'users', control, 'value', 'uplift', '95 % interval', 'p'],
    rows.map((row) => cellsOf(row)),
    width,
  );
  return [...lines, '', table.trimEnd(), ...(known.length > 0 ? ['', byChanceText(known.length)] : [])].join(
    '\n',
  );
}

function cellsOf({ slice, metric, variant, users, result }: AbRow): (string | number | null)[] {
  const name = slice ? `${slice.column}=${slice.value}` : 'all';
  if (!result) return [name, TITLES[metric], variant, users, null, null, null, null, null];
  const { control, variant: value, uplift, upliftInterval, pValue } = result;
  const show = (number: number) => (metric === 'revenuePerUser' ? number.toFixed(3) : percent(number));
  const signed = (share: number) => `${share > 0 ? '+' : ''}${(100 * share).toFixed(1)} %`;
  return [
    name,
    TITLES[metric],
    variant,
    users,
    show(control),
    show(value),
    uplift === null ? null : signed(uplift),
    upliftInterval && `${signed(upliftInterval.low)} to ${signed(upliftInterval.high)}`,
    pValue === null ? null : pText(pValue),
  ];
}
