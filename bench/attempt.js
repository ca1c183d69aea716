/** Measurements that may fail without those before and after them being lost. */
import { say } from './say.js';

/**
 * What `measure` answers, or where it fails `{...subject, failed: reason}`, which makes the exit code of the benchmark 1.
 * @param {object} subject says what is measured
 */
export async function attempt(subject, measure) {
  try {
    return await measure();
  } catch (error) {
    say(`${Object.values(subject).join(' ')} failed: ${error.message}`);
    process.exitCode = 1;
    return { ...subject, failed: error.message };
  }
}
