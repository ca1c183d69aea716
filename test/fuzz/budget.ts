/** How long a fuzz test looks: a fixed few runs in `npm test`, until the time is up in `npm run fuzz`. */
import fc from 'fast-check';

/** Of each test of the long run; undefined in the short one. */
const minutes = process.env.FUZZ_MINUTES === undefined ? undefined : Number(process.env.FUZZ_MINUTES);

/** For the test itself: the time of the long run, and some for what it began last. */
export const FUZZ_TIMEOUT_MS = minutes === undefined ? 120_000 : minutes * 60_000 + 120_000;

/** The short run has a seed, the long one another each time, which a failure names; FUZZ_SEED gives it again. */
export async function fuzz<T>(
  name: string,
  numRuns: number,
  property: fc.IAsyncPropertyWithHooks<T>,
): Promise<void> {
  const seed = process.env.FUZZ_SEED === undefined ? undefined : Number(process.env.FUZZ_SEED);
  const parameters: fc.Parameters<T> =
    minutes === undefined
      ? { numRuns, seed: 1 }
      : {
          numRuns: Number.POSITIVE_INFINITY,
          interruptAfterTimeLimit: minutes * 60_000,
          ...(seed !== undefined && { seed }),
        };
  const result = await fc.check(property, parameters);
  if (minutes !== undefined) process.stderr.write(`fuzz ${name}: ${result.numRuns} runs\n`);
  if (result.failed && result.counterexample !== null) {
    throw new Error(fc.defaultReportMessage(result), { cause: result.errorInstance });
  }
}
