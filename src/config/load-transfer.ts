/** From the YAML of a transfer to the configs of its base and of its strategies. */
import { join } from 'node:path';
import { checkTree, type LoadOptions } from './load.js';
import { merge } from './merge.js';
import { readExperiment } from './read-experiment.js';
import type { Config } from './schema.js';
import { baseTasks, transferRules } from './transfer-rules.js';
import { type TransferFile, transferSchema } from './transfer-schema.js';
import { under } from './under.js';
import { treeAt } from './yaml-tree.js';

export interface Transfer
  extends Pick<
    TransferFile,
    'name' | 'task' | 'vocabularies' | 'strategies' | 'seeds' | 'fractions' | 'fineTune'
  > {
  /** Where its runs and its report go. */
  readonly folder: string;
  /** The file of the base. */
  readonly baseFile: string;
  /** Folder of a trained run of the base; null where bases are trained. */
  readonly baseRun: string | null;
  /** What a base is trained on: its tasks but the new one. */
  readonly baseTasks: readonly string[];
  /** The base as its file has it, with the data that it is prepared from. */
  readonly base: Config;
  /**
   * With what the new task brings, and with the `train` of the strategies. Where it brings something, the name is
   * `<name of the base>-<name of the transfer>`, which names its prepared data.
   */
  readonly whole: Config;
  /** The new task has prepared data of its own, which carries on the vocabularies of the base's. */
  readonly hasOwnData: boolean;
}

/** `set` overrides keys of the transfer. Throws a UserError that lists the problems, as `loadConfig` does. */
export async function loadTransfer(
  file: string,
  { set = [], env = {} }: LoadOptions = {},
): Promise<Transfer> {
  const experiment = await readExperiment(file, transferSchema, set);
  const { parsed, tree, baseFile, refuse } = experiment;
  const base = checkTree(experiment.base, baseFile, env.DUPN_DATA_ROOT);
  const added = treeAt(tree, ['add']);
  const trained = treeAt(tree, ['train']);
  const withAdded = added ? merge(experiment.base, added) : experiment.base;
  const whole = checkTree(
    trained ? merge(withAdded, under('train', trained)) : withAdded,
    added ? file : baseFile,
    env.DUPN_DATA_ROOT,
  );
  refuse(base.config ? whole.problems : base.problems);
  refuse([], transferRules(parsed, base.config!, whole.config!));
  const { name, task, vocabularies, strategies, seeds, fractions, fineTune, run } = parsed;
  const hasOwnData = parsed.add !== undefined;
  return {
    ...{ name, task, vocabularies, strategies, seeds, fineTune },
    fractions: [...fractions].sort((a, b) => a - b),
    folder: join(run.folder ?? base.config!.run.folder, run.name ?? name),
    baseFile,
    baseRun: parsed.baseRun ?? null,
    baseTasks: baseTasks(base.config!, task),
    base: base.config!,
    whole: hasOwnData ? { ...whole.config!, name: `${base.config!.name}-${name}` } : whole.config!,
    hasOwnData,
  };
}
