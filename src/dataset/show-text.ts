/** A user's sequence as lines of text: one block for each behaviour, oldest first. */
import type { ShownUser } from './show.js';
import type { ShownEvent, ShownNumber } from './show-window.js';
import { type ShownValue, valueText } from './shown-value.js';

/** `timeZone` is the zone of the times shown. */
export function describeUser(shown: ShownUser, timeZone: string): string[] {
  const time = timeFormatter(timeZone);
  const { window, profile } = shown;
  return [
    `User ${shown.userId} before ${time(shown.at)} (${timeZone}): the latest ${window.length} of ${shown.events} events`,
    profile
      ? `Profile at the request of ${time(profile.time)}: ${describeFields({ ...profile.fields, ...(profile.query && { query: profile.query }) })}`
      : 'Profile: not known, there is no request of this user by then',
    ...window.flatMap((event, i) => ['', ...describeEvent(event, i, time)]),
    '',
    `name=value [row of its embedding table]${window.some(hasNumbers) ? ', of numbers name=value (as the model sees it)' : ''}`,
  ];
}

function describeEvent(event: ShownEvent, step: number, time: (seconds: number) => string): string[] {
  return [
    `step ${step}  ${time(event.time)}  ${describeAge(event.ageSeconds)} before  ${event.itemId}`,
    `    item ${event.itemRow}: ${describeFields(event.item)}${describeNumbers(event)}`,
    `    property code ${event.propertyCode}: ${describeFields(event.properties)}`,
  ];
}

function describeFields(fields: Readonly<Record<string, ShownValue | readonly ShownValue[]>>): string {
  const parts = Object.entries(fields).map(([name, values]) => {
    const list = [values].flat() as ShownValue[];
    return `${name}=${list.length === 0 ? '(none)' : list.map(describeValue).join(' + ')}`;
  });
  return parts.length === 0 ? '(no fields)' : parts.join('  ');
}

const hasNumbers = ({ numbers }: ShownEvent) => Object.keys(numbers).length > 0;

function describeNumbers({ numbers }: ShownEvent): string {
  const describe = ([name, { value, unit }]: [string, ShownNumber]) =>
    `  ${name}=${value ?? '(missing)'} (${Number(unit.toPrecision(3))})`;
  return Object.entries(numbers).map(describe).join('');
}

const describeValue = (value: ShownValue) => `${valueText(value)} [${value.index}]`;

/** The two largest units that matter: 3d 4h, 12m 5s. */
function describeAge(seconds: number): string {
  const units = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [Math.floor(seconds) % 60, 's'],
  ] as const;
  const largest = units.findIndex(([count]) => count > 0);
  const first = largest === -1 ? 2 : Math.min(largest, 2);
  return units
    .slice(first, first + 2)
    .map(([count, unit]) => `${count}${unit}`)
    .join(' ');
}

/** `2016-10-20 08:00:00` on the clocks of a zone. */
function timeFormatter(timeZone: string): (seconds: number) => string {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    dateStyle: 'short',
    timeStyle: 'medium',
  });
  return (seconds) => format.format(1000 * seconds);
}
