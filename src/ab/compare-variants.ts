/** What a variant does to a metric beside the control: difference and uplift with intervals of 95 %. */
import type { Estimate } from './ratio.js';
import { normalTails } from './tail-probability.js';

/** The 97.5 % quantile of the normal distribution. */
const Z = 1.959963984540054;

interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface Uplift {
  readonly control: number;
  readonly variant: number;
  readonly difference: number;
  readonly interval: Interval;
  /** Difference as a share of the control's; null where that is 0. */
  readonly uplift: number | null;
  readonly upliftInterval: Interval | null;
  /** Two-sided, of no difference; null where neither varies. */
  readonly pValue: number | null;
}

export function compareVariants(control: Estimate, variant: Estimate): Uplift {
  const difference = variant.value - control.value;
  const error = Math.hypot(control.standardError, variant.standardError);
  const uplift = control.value === 0 ? null : difference / control.value;
  // Of the quotient of two independent estimates.
  const upliftError =
    Math.hypot(variant.standardError, (variant.value / control.value) * control.standardError) /
    Math.abs(control.value);
  return {
    control: control.value,
    variant: variant.value,
    difference,
    interval: around(difference, error),
    uplift,
    upliftInterval: uplift === null ? null : around(uplift, upliftError),
    pValue: error === 0 ? null : normalTails(difference / error),
  };
}

const around = (value: number, error: number): Interval => ({
  low: value - Z * error,
  high: value + Z * error,
});
