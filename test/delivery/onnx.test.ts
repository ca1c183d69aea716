/** The ONNX graphs say what our own engine says, for every variant of the model: with random weights, on random shops. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentContext } from '../../src/common/context.js';
import { createRandom } from '../../src/common/random.js';
import { parseConfig } from '../../src/config/load.js';
import { openPrepared } from '../../src/dataset/prepared.js';
import { withDatabase } from '../../src/delivery/database.js';
import { statesOfLog } from '../../src/delivery/item-states.js';
import { makeGolden } from '../../src/delivery/make-golden.js';
import { writeOnnx } from '../../src/delivery/onnx/write-onnx.js';
import { openModel } from '../../src/delivery/open-model.js';
import { probabilitiesOf } from '../../src/delivery/score-requests.js';
import { modelShape } from '../../src/model/shape.js';
import { initialWeights } from '../../src/model/weights.js';
import { preprocess } from '../../src/preprocess/preprocess.js';
import { randomWorld, writeWorld } from '../preprocess/world.js';
import { runGolden } from './run-onnx.js';

let folder: string;
let plain: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-onnx-'));
  plain = await writeWorld(join(folder, 'data'), randomWorld(7, 150));
});
afterAll(() => rm(folder, { recursive: true }));

const preparedBy = new Map<string, string>();

/** The folder that a config without a model is prepared in, once. */
async function prepare(yaml: string): Promise<string> {
  const target = preparedBy.get(yaml) ?? join(folder, `prepared-${preparedBy.size}`);
  if (preparedBy.has(yaml)) return target;
  const config = parseConfig(yaml, join(folder, 'world.yaml'));
  await preprocess({ config, folder: target, force: false, context: silentContext });
  preparedBy.set(yaml, target);
  return target;
}

/** A number that the tower of the clicks reads. */
const withPosition = (yaml: string) => yaml.replace('keep: [page] }', 'keep: [page], features: [weight] }');

const VARIANTS: Readonly<
  Record<string, { readonly model?: string; readonly edit?: (yaml: string) => string }>
> = {
  'the whole model': {},
  'properties in the gates only, peepholes': { model: 'variant: bplstm, peepholes: true' },
  'properties in the attention only': { model: 'variant: bpatt' },
  'no properties': { model: 'variant: nobp' },
  'the mean encoder': { model: 'encoder: mean' },
  'queries by the candidate and by words': {
    model: 'peepholes: true',
    edit: (yaml) =>
      yaml
        .replace('  clicks:\n    kind: binary', '  clicks:\n    kind: binary\n    query: candidate')
        .replace('  buys:\n    kind: binary\n', '  buys:\n    kind: binary\n    query: text\n'),
  },
  'the mean encoder asked with candidates': {
    model: 'encoder: mean',
    edit: (yaml) =>
      yaml.replace('  clicks:\n    kind: binary', '  clicks:\n    kind: binary\n    query: candidate'),
  },
  'what is read directly': { model: 'preset: direct', edit: withPosition },
  'what is read directly, queries by the candidate, no properties': {
    model: 'preset: direct, latest: [2], variant: nobp',
    edit: (yaml) =>
      withPosition(yaml).replace(
        '  clicks:\n    kind: binary',
        '  clicks:\n    kind: binary\n    query: candidate',
      ),
  },
  'what is read directly beside the mean encoder': { model: 'preset: direct, encoder: mean' },
  'normalised layers, class weights, sums': {
    edit: (yaml) =>
      yaml
        .replace(
          '  levels:\n',
          '  levels:\n    classWeights: [1, 2, 3]\n    tower: { batchNormalisation: true }\n',
        )
        .replace('  clicks:\n', '  clicks:\n    classWeights: [1, 3]\n')
        .replace('maxSize: 2 }', 'maxSize: 2, pooling: sum }'),
  },
  'users without fields': {
    edit: (yaml) => yaml.replace(/ {2}user:\n( {4}.*\n)+/, ''),
  },
};

test.each(Object.entries(VARIANTS))('%s', async (name, { model = '', edit = (yaml) => yaml }) => {
  const place = name.replaceAll(/\W/g, '-');
  const sizes = `model: { units: 6, attentionUnits: 5, userUnits: 4, candidateUnits: { item: 7 }, maxEvents: 12, ${model} }`;
  const yaml = edit(plain);
  const config = parseConfig(`${yaml}\n${sizes}\n`, join(folder, 'world.yaml'));
  const target = await prepare(yaml);
  const prepared = openPrepared(target);
  const { manifest } = prepared;
  const weights = initialWeights(modelShape(config, manifest), 3, 1);
  const random = createRandom(5, name);
  // Biases, the vectors for what is missing and moving statistics would otherwise be zeros and ones.
  for (const [group, low] of [
    [weights.dense, -0.3],
    [weights.statistics, 0.2],
  ] as const) {
    for (const variable of group.values()) {
      const values = variable.readRows(0, variable.shape[0]!);
      variable.writeRows(
        0,
        values.map((value) => value + low + 0.6 * random.uniform()),
      );
    }
  }
  try {
    await withDatabase(async (connection) => {
      const states = await statesOfLog(connection, prepared);
      const opened = await openModel(connection, { config, weights, manifest, folder: target, states });
      const golden = await makeGolden(connection, prepared, opened);
      expect(golden.some(({ request }) => request.history.length === 0)).toBe(true);
      const origin = { run: 'random', step: 0, learnedTo: '' };
      const out = join(folder, `onnx-${place}`);
      await writeOnnx({ model: opened, golden, origin, folder: out, force: false });
      const answers = await runGolden(out);
      for (const task of Object.keys(weights.shape.tasks)) {
        const logits = golden.flatMap(({ tasks }) => (tasks[task] ?? []).flatMap((sample) => sample.logits));
        expect(logits.length, task).toBeGreaterThan(3);
        expect(new Set(logits).size, task).toBeGreaterThan(1);
        expect(answers[task]!.logits).toEqual(logits.map((logit) => expect.closeTo(logit, 5)));
        const probabilities = [...probabilitiesOf(weights, task, Float32Array.from(logits))];
        expect(answers[task]!.probability).toEqual(probabilities.map((value) => expect.closeTo(value, 5)));
      }
      await expect(writeOnnx({ model: opened, golden, origin, folder: out, force: false })).rejects.toThrow(
        /an earlier export \(--force replaces it\)/,
      );
      await expect(writeOnnx({ model: opened, golden, origin, folder, force: true })).rejects.toThrow(
        /expected a folder that is new or empty, got something else/,
      );
    });
  } finally {
    weights.dispose();
    prepared.close();
  }
});
