/** Quantiles of Student's t distribution, from the finite sums that its distribution function is for whole degrees of freedom. */

/**
 * t with P(T <= t) = `probability`, in (0, 1), of `degrees` (1, 2, ...) degrees of freedom. Bisects the angle
 * theta = atan(t / sqrt(degrees)), in which the distribution function is smooth and bounded.
 */
export function studentQuantile(probability: number, degrees: number): number {
  if (!(probability > 0 && probability < 1)) throw new RangeError(`${probability} is not within (0, 1)`);
  if (!Number.isInteger(degrees) || degrees < 1) throw new RangeError(`${degrees} is no count from 1`);
  let [low, high] = [-Math.PI / 2, Math.PI / 2];
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return Math.sqrt(degrees) * Math.tan(middle);
    if ((1 + centralProbability(middle, degrees)) / 2 < probability) low = middle;
    else high = middle;
  }
}

/**
 * A(t | n) = P(-t <= T <= t) with t = sqrt(n) tan(theta), negative below 0 (Abramowitz and Stegun 26.7.3, 26.7.4):
 *
 *     odd n:  2/pi (theta + sin cos (1 + 2/3 cos^2 + (2 4)/(3 5) cos^4 + ... up to cos^(n-3)))    1: 2/pi theta
 *     even n: sin (1 + 1/2 cos^2 + (1 3)/(2 4) cos^4 + ... up to cos^(n-2))
 */
function centralProbability(theta: number, degrees: number): number {
  const isOdd = degrees % 2 === 1;
  const [sine, cosine] = [Math.sin(theta), Math.cos(theta)];
  let term = isOdd ? sine * cosine : sine;
  let sum = 0;
  for (let k = isOdd ? 1 : 0; k <= degrees - 2; k += 2) {
    sum += term;
    term *= ((k + 1) / (k + 2)) * cosine ** 2;
  }
  return isOdd ? (2 / Math.PI) * (theta + sum) : sum;
}
