/** A bundle holds all that prepared data and a run know of items and values, and says so when it does not. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentContext } from '../../src/common/context.js';
import { parseConfig } from '../../src/config/load.js';
import { openPrepared } from '../../src/dataset/prepared.js';
import { withDatabase } from '../../src/delivery/database.js';
import { statesOfLog } from '../../src/delivery/item-states.js';
import { makeGolden } from '../../src/delivery/make-golden.js';
import { openBundle } from '../../src/delivery/open-bundle.js';
import { openModel } from '../../src/delivery/open-model.js';
import { writeBundle } from '../../src/delivery/write-bundle.js';
import { tf } from '../../src/engine/tf.js';
import { modelShape } from '../../src/model/shape.js';
import { initialWeights } from '../../src/model/weights.js';
import { preprocess } from '../../src/preprocess/preprocess.js';
import { DAY, randomWorld, START, writeWorld } from '../preprocess/world.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-bundle-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('what is written comes back: items whose attributes change, vocabularies, weights, golden predictions', async () => {
  const world = randomWorld(4, 200);
  const sizes =
    'model: { units: 6, attentionUnits: 5, userUnits: 4, candidateUnits: { item: 7 }, maxEvents: 12 }';
  const yaml = await writeWorld(join(folder, 'data'), world);
  const config = parseConfig(`${yaml}\n${sizes}\n`, join(folder, 'world.yaml'));
  const target = join(folder, 'prepared');
  await preprocess({ config, folder: target, force: false, context: silentContext });
  const prepared = openPrepared(target);
  const { manifest } = prepared;
  const weights = initialWeights(modelShape(config, manifest), 3, 1);
  const out = join(folder, 'bundle');
  await withDatabase(async (connection) => {
    const states = await statesOfLog(connection, prepared);
    expect(states.byId.size).toBeGreaterThan(5);
    const model = await openModel(connection, { config, weights, manifest, folder: target, states });
    const golden = await makeGolden(connection, prepared, model);
    const origin = { run: 'random', step: 7, learnedTo: '2020-01-09T00:00:00.000Z' };
    const input = { model, states, prepared, golden, origin, folder: out, force: false };
    const written = await writeBundle(connection, input);
    expect(written.golden.difference).toBeLessThan(1e-5);

    const before = tf.memory().numTensors;
    const bundle = await openBundle(connection, out);
    expect(bundle.head.origin).toEqual(origin);
    expect(bundle.weights.shape).toEqual(weights.shape);
    expect(await bundle.check()).toEqual(written.golden);
    for (const [name, vocabulary] of model.vocabularies) {
      expect(bundle.vocabularies.get(name), name).toEqual(vocabulary);
    }
    const [here, there] = [model.catalogues, bundle.catalogues];
    expect([...there.items.latest()]).toEqual([...here.items.latest()]);
    for (const [id] of here.items.latest()) {
      for (let moment = START - 1; moment < START + 12 * DAY; moment += DAY / 3) {
        const row = here.items.rowOf(id, moment)!;
        expect(there.items.rowOf(id, moment)).toBe(row);
        expect(there.items.encoded(row)).toEqual(here.items.encoded(row));
      }
    }
    expect(there.items.rowOf('never seen', START)).toBeUndefined();
    bundle.close();
    expect(tf.memory().numTensors).toBe(before);

    // A golden request that does not hold any more: another model, or another way to encode.
    const [first, ...others] = golden;
    const [task, samples] = Object.entries(first!.tasks)[0]!;
    const wrong = {
      ...first!,
      tasks: { [task]: samples.map((sample) => ({ ...sample, logits: [Number.NaN] })) },
    };
    const replaced = { ...input, golden: [wrong, ...others], force: true };
    await expect(writeBundle(connection, replaced)).rejects.toThrow(
      /Cannot use random: its golden prediction 0 of .* should have the logit NaN, got/,
    );
    // What was there stays.
    const again = await openBundle(connection, out);
    expect(again.head.origin).toEqual(origin);
    again.close();
    await writeFile(join(folder, 'file'), 'x');
    await expect(
      writeBundle(connection, { ...input, folder: join(folder, 'file'), force: true }),
    ).rejects.toThrow(/expected a folder that is new or empty, got something else/);
    await expect(writeBundle(connection, { ...input, folder: target, force: true })).rejects.toThrow(
      /got something else/,
    );
    await writeBundle(connection, { ...input, force: true });
    await writeFile(join(out, 'bundle.json'), 'null');
    await expect(openBundle(connection, out)).rejects.toThrow(
      'expected format 1, got undefined; export it again',
    );
    expect((await readdir(folder)).sort()).toEqual(['bundle', 'data', 'file', 'prepared']);
  });
  weights.dispose();
  prepared.close();
});
