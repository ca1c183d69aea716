/** An axis of what training cost, from 0 up to thousands of times its first step: logarithmic, with a place for 0. */

export interface CostScale {
  /** Up to it the axis is nearly linear (d3's symlog): the least value above 0. */
  readonly constant: number;
  /** 0, then 1, 2 or 5 times powers of ten within the values; of many, the powers alone. */
  readonly ticks: readonly number[];
}

/** Beyond as many, labels would crowd an axis of a few hundred pixels. */
const MOST_TICKS = 8;

/** What is smaller than the largest by more stands near 0: the time of a first measurement is no cost. */
const MOST_RATIO = 100_000;

export function costScale(values: readonly number[]): CostScale {
  const largest = Math.max(...values);
  const positive = values.filter((value) => value > 0 && value * MOST_RATIO >= largest);
  if (positive.length === 0) return { constant: 1, ticks: [0] };
  const least = Math.min(...positive);
  const most = Math.max(...positive);
  const within = (factors: readonly number[]) => {
    const ticks: number[] = [0];
    for (let power = Math.floor(Math.log10(least)); power <= Math.log10(most); power++) {
      ticks.push(
        ...factors
          .map((factor) => Number(`${factor}e${power}`))
          .filter((tick) => tick >= least && tick <= most),
      );
    }
    return ticks;
  };
  const fine = within([1, 2, 5]);
  return { constant: least, ticks: fine.length <= MOST_TICKS ? fine : within([1]) };
}
