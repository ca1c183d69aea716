/** The config as YAML again: what is saved with a run, and loads to the same config. */
import { stringify } from 'yaml';
import type { Config } from './schema.js';

export function renderConfig(config: Config): string {
  return stringify(config, { aliasDuplicateObjects: false, lineWidth: 0 });
}
