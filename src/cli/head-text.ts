/** What `dupn validate` prints: the tables as they were read, what is noteworthy, and what the config will need. */
import { formatTable } from '../common/table.js';
import type { HeadReport, TableReport } from '../preprocess/check-head.js';

/** `width` as in `formatTable`. */
export function describeHead(
  { tables, notes, problems, estimate }: HeadReport,
  width: number | null,
): string {
  const header = [
    'table',
    'files',
    'size',
    'rows',
    'looked at',
    'malformed',
    'filtered',
    'times of these (UTC)',
  ];
  const rows = tables.map((table) => [
    table.name,
    table.files,
    sizeText(table.bytes),
    (table.checkedRows < table.rows ? 'about ' : '') + table.rows,
    table.checkedRows,
    total(table.rejectedBy),
    total(table.filteredBy),
    timesOf(table),
  ]);
  const fields = estimate.fields.map(({ group, name, rows, bytes }) => [group, name, rows, sizeText(bytes)]);
  return [
    formatTable(header, rows, width),
    ...tables.flatMap(columnsOf),
    ...notes.map((note) => `note: ${note}`),
    '',
    formatTable(['embedding', 'field', 'rows', 'with optimiser'], fields, width),
    `about ${estimate.events} events, ${estimate.requests} requests, ${estimate.stepsPerEpoch} steps in an epoch` +
      (estimate.placedTasks.length > 0
        ? `; beside them the requests of ${estimate.placedTasks.join(', ')}, which preprocess places in the log`
        : ''),
    `disk: ${sizeText(estimate.preparedBytes)} prepared, ${sizeText(estimate.temporaryBytes)} while preparing; ` +
      `memory of the embeddings: ${sizeText(estimate.modelBytes)}`,
    problems.length > 0
      ? `problems: ${problems.length}`
      : `no problem found${notes.length > 0 ? ', but see the notes' : ''}`,
  ].join('\n');
}

function timesOf({ timeFormat, firstTime, lastTime }: TableReport): string {
  return firstTime === null ? '' : `${firstTime} .. ${lastTime}${timeFormat ? ` (${timeFormat})` : ''}`;
}

function columnsOf({ name, values, unusedColumns }: TableReport): string[] {
  const shown = Object.entries(values).map(([column, found]) => {
    const counted = found.map(({ value, rows }) => `${value === '' ? '(empty)' : value} ${rows}`);
    return `${name}.${column}: ${counted.join(', ')}`;
  });
  const unused = unusedColumns.length > 0 ? [`${name}: nothing uses ${unusedColumns.join(', ')}`] : [];
  return [...shown, ...unused];
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
