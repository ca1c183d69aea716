/** A number of single precision with as few digits as tell it from others. */
export const shortest = (value: number): number => Number(value.toPrecision(9));
