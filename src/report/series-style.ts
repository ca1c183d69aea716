/** How a series (a strategy, a model) looks in charts: told apart by colour, by dashes and by the shape of points. */
import { palette } from './palette.js';

export interface SeriesStyle {
  /** A light one of the palette. */
  readonly colour: string;
  readonly dash: readonly number[];
  readonly shape: string;
  /** What it stands for. */
  readonly about: string;
}

/** Name -> style, in the order of the legend. */
export type SeriesStyles = Readonly<Record<string, SeriesStyle>>;

const HUES = [palette.blue.light, palette.orange.light, palette.green.light, palette.purple.light];
const LINES = [
  { dash: [1, 0], shape: 'circle' },
  { dash: [8, 3], shape: 'square' },
  { dash: [2, 3], shape: 'triangle-up' },
  { dash: [8, 3, 2, 3], shape: 'diamond' },
];

/** Of names that are not known beforehand: colours and lines change with each, and no two of sixteen look the same. */
export function stylesFor(names: readonly string[]): SeriesStyles {
  return Object.fromEntries(
    names.map((name, at) => [
      name,
      {
        colour: HUES[at % HUES.length]!,
        ...LINES[(at + Math.floor(at / HUES.length)) % LINES.length]!,
        about: name,
      },
    ]),
  );
}

export function stylesOf<Name extends string>(
  styles: Readonly<Record<Name, SeriesStyle>>,
  names: readonly Name[],
): SeriesStyles {
  return Object.fromEntries(names.map((name) => [name, styles[name]]));
}
