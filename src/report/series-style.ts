/** How a series (a strategy, a model) looks in charts: told apart by colour, by dashes and by the shape of points. */

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

export function stylesOf<Name extends string>(
  styles: Readonly<Record<Name, SeriesStyle>>,
  names: readonly Name[],
): SeriesStyles {
  return Object.fromEntries(names.map((name) => [name, styles[name]]));
}
