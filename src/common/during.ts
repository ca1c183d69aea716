/** Work of which only the start and the end are known: reading weights, counting, drawing charts. */
import type { Progress } from './context.js';

/** Shows what is done, and since when, while it runs. */
export async function during<T>(progress: Progress, title: string, run: () => Promise<T>): Promise<T> {
  const bar = progress.start(title, 0);
  try {
    return await run();
  } finally {
    bar.stop();
  }
}
