/** The phases of preprocess, as its progress shows them. */
import type { Progress } from '../common/context.js';

const PHASES = [
  'read',
  'labels',
  'items and contexts',
  'streams',
  'requests',
  'vocabularies',
  'write',
] as const;

export interface Phases {
  /** One after the other, in their order. */
  run<T>(name: (typeof PHASES)[number], work: () => Promise<T>): Promise<T>;
  stop(): void;
}

export function startPhases(progress: Progress): Phases {
  const bar = progress.start('preprocess', PHASES.length);
  let done = 0;
  return {
    async run(name, work) {
      bar.update(done, { phase: name });
      const result = await work();
      bar.update(++done, { phase: name });
      return result;
    },
    stop: () => bar.stop(),
  };
}
