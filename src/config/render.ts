/** The config as YAML again: what is saved with a run, and loads to the same config. */
import { stringify } from 'yaml';
import { mapValues } from '../common/map-values.js';
import type { Config } from './schema.js';

export function renderConfig(config: Config): string {
  // A task whose samples are worked out of the log has no table to name.
  const tasks = mapValues(config.tasks, ({ samples, ...task }) =>
    samples.files.length > 0 ? { ...task, samples } : task,
  );
  return stringify({ ...config, tasks }, { aliasDuplicateObjects: false, lineWidth: 0 });
}
