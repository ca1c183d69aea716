/** Tails of the normal and of the chi-square distribution. */

/** P(|Z| >= |z|) of a standard normal Z. */
export const normalTails = (z: number): number => upperErrorFunction(Math.abs(z) / Math.SQRT2);

/**
 * P(X >= x) of a chi-square X with so many degrees of freedom (1, 2, ...), from the recurrence of the incomplete gamma function
 * Q(a + 1, x) = Q(a, x) + x^a e^-x / Gamma(a + 1) (Abramowitz and Stegun 6.5.21).
 */
export function chiSquareTail(x: number, degrees: number): number {
  if (x === Number.POSITIVE_INFINITY) return 0;
  const half = x / 2;
  const isOdd = degrees % 2 === 1;
  let tail = isOdd ? upperErrorFunction(Math.sqrt(half)) : Math.exp(-half);
  let term = isOdd ? Math.sqrt(half / Math.PI) * 2 * Math.exp(-half) : half * Math.exp(-half);
  for (let a = isOdd ? 0.5 : 1; a < degrees / 2; a++) {
    tail += term;
    term *= half / (a + 1);
  }
  return Math.min(1, tail);
}

/** erfc(x) of x >= 0: its series near 0 (7.1.6), its continued fraction beyond (7.1.14). */
function upperErrorFunction(x: number): number {
  if (x < 2) {
    let term = x;
    let sum = x;
    for (let n = 1; term > 1e-17 * sum; n++) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (x + fraction);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
}
