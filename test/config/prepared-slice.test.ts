import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { describeDifference, preparedHash, preparedSlice } from '../../src/config/prepared-slice.js';
import { renderConfig } from '../../src/config/render.js';

const ga = new URL('../../configs/ga.yaml', import.meta.url).pathname;

const sliceOf = async (...set: string[]) => preparedSlice(await loadConfig(ga, { set }));

describe('the hash of prepared data', () => {
  it.each([
    'data.root=/elsewhere',
    'data.maxRejectRatio=0.5',
    'features.item.brand.size=3',
    'features.item.tags.pooling=sum',
    'features.properties.behavior.size=3',
    'features.user.device.size=3',
    'tasks.ctr.query=candidate',
    'tasks.ctr.weight=2',
    'tasks.ctr.tower.layers=[1]',
    'preprocess.memoryLimit=1GB',
    'preprocess.threads=1',
    'model.maxEvents=5',
    'train.epochs=1',
    'eval.bootstrapSamples=0',
    'run.name=other',
  ])('does not change with %s', async (set) => {
    expect(preparedHash(await sliceOf(set))).toBe(preparedHash(await sliceOf()));
    expect(describeDifference(await sliceOf(), await sliceOf(set))).toEqual([]);
  });

  it.each([
    ['data.timeZone=Asia/Tokyo', 'data.timeZone: was "UTC", now "Asia/Tokyo"'],
    ['data.log.deduplicate=true', 'data.log.deduplicate: was false, now true'],
    ['data.log.from=2016-09-01', 'data.log.from: was not set, now "2016-09-01"'],
    ['features.item.brand.minCount=2', 'features.item.brand.minCount: was 1, now 2'],
    [
      'features.user.device=null',
      'features.user.device: was {"from":"lastEvent","minCount":1,"buckets":1,"column":"device"}, now not set',
    ],
    ['split.validationUsers=0.1', 'split.validationUsers: was 0.05, now 0.1'],
    ['tasks.ctr.trainFrom=null', 'tasks.ctr.trainFrom: was "2016-09-19", now not set'],
    ['tasks.ctr.samples.keep=[]', 'tasks.ctr.samples.keep: was ["position","page_category"], now []'],
  ])('changes with %s, which the difference names', async (set, difference) => {
    expect(preparedHash(await sliceOf(set))).not.toBe(preparedHash(await sliceOf()));
    // What is stored is JSON.
    const stored = JSON.parse(JSON.stringify(await sliceOf()));
    expect(describeDifference(stored, await sliceOf(set))).toContain(difference);
  });

  it('changes with the order of tasks, which decides the query of a request that they share', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'dupn-slice-')), 'c.yaml');
    const load = async (...tasks: string[]) => {
      const lines = tasks.map((task) => `  ${task}: { kind: binary, samples: { files: ${task}.csv } }\n`);
      await writeFile(
        file,
        `name: a\ndata: { log: { files: e.csv } }\nfeatures: { item: { item: { size: 1 } } }\nsplit: { evaluationFrom: 2016-10-20 }\ntasks:\n${lines.join('')}`,
      );
      return preparedSlice(await loadConfig(file));
    };
    const [one, turned] = [await load('x', 'y'), await load('y', 'x')];
    expect(preparedHash(turned)).not.toBe(preparedHash(one));
    expect(describeDifference(one, turned)).toEqual(['fieldOrder.tasks: was ["x","y"], now ["y","x"]']);
  });

  it('changes with the order of fields and not with that of other maps', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dupn-slice-'));
    const load = async (fields: string, keep: string) => {
      const file = join(folder, 'c.yaml');
      await writeFile(
        file,
        `name: a\ndata: { log: { files: e.csv, keep: ${keep} } }\nfeatures: { item: ${fields} }\n` +
          'split: { evaluationFrom: 2016-10-20 }\ntasks: { t: { kind: binary, samples: { files: s.csv } } }\n',
      );
      return preparedSlice(await loadConfig(file));
    };
    const one = await load('{ item: { size: 1 }, shop: { size: 1 } }', '{ a: [x], b: [y] }');
    const keepTurned = await load('{ item: { size: 1 }, shop: { size: 1 } }', '{ b: [y], a: [x] }');
    const fieldsTurned = await load('{ shop: { size: 1 }, item: { size: 1 } }', '{ a: [x], b: [y] }');
    expect(preparedHash(keepTurned)).toBe(preparedHash(one));
    expect(preparedHash(fieldsTurned)).not.toBe(preparedHash(one));
    expect(describeDifference(one, fieldsTurned)).toEqual([
      'fieldOrder.item: was ["item","shop"], now ["shop","item"]',
    ]);
  });
});

describe('numbers', () => {
  const numbered = async (items: string, shop = '{}') => {
    const file = join(await mkdtemp(join(tmpdir(), 'dupn-slice-')), 'c.yaml');
    await writeFile(
      file,
      'name: a\ndata: { log: { files: e.csv }, items: { files: i.csv } }\n' +
        `features: { item: { item: { size: 1 } }, itemNumbers: ${items} }\n` +
        `entities: { shop: { table: { files: s.csv }, fields: { shop: { size: 1 } }, numbers: ${shop} } }\n` +
        'split: { evaluationFrom: 2016-10-20 }\ntasks: {}\n',
    );
    const config = await loadConfig(file);
    await writeFile(file, renderConfig(config));
    expect(await loadConfig(file)).toEqual(config);
    return preparedSlice(config);
  };

  it.each([
    [
      '{ b: {}, a: {} }',
      '{}',
      'fieldOrder.itemNumbers: was ["a","b"], now ["b","a"]',
      'no further difference',
    ],
    [
      '{ a: { scale: log }, b: {} }',
      '{}',
      'features.itemNumbers.a.scale: was "linear", now "log"',
      'no further difference',
    ],
    [
      '{ a: {}, b: { column: c } }',
      '{}',
      'features.itemNumbers.b.column: was "b", now "c"',
      'no further difference',
    ],
    [
      '{ a: {}, b: {} }',
      '{ sales: {} }',
      'entities.shop.numbers.sales: was not set, now {"scale":"linear","column":"sales"}',
      'fieldOrder.entityNumbers.shop: was [], now ["sales"]',
    ],
  ])('change the hash: %s, %s', async (items, shop, difference, further) => {
    const [was, now] = [await numbered('{ a: {}, b: {} }'), await numbered(items, shop)];
    expect(preparedHash(now)).not.toBe(preparedHash(was));
    const found = describeDifference(was, now);
    expect(found[0]).toBe(difference);
    expect(found[1] ?? 'no further difference').toBe(further);
  });

  it('of an entity count by their order', async () => {
    const was = await numbered('{}', '{ sales: {}, age: {} }');
    const now = await numbered('{}', '{ age: {}, sales: {} }');
    expect(describeDifference(was, now)).toEqual([
      'fieldOrder.entityNumbers.shop: was ["sales","age"], now ["age","sales"]',
    ]);
  });
});

describe('the rendered config', () => {
  it.each(['ga', 'ga-strict', 'ga-candidate', 'taobao', 'taobao-candidate'])(
    'of %s loads to the same config from anywhere',
    async (name) => {
      const config = await loadConfig(new URL(`../../configs/${name}.yaml`, import.meta.url).pathname);
      const copy = join(await mkdtemp(join(tmpdir(), 'dupn-render-')), 'config.resolved.yaml');
      await writeFile(copy, renderConfig(config));
      expect(await loadConfig(copy)).toEqual(config);
    },
  );

  it('of tasks whose samples come from the log loads to the same config', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'dupn-render-')), 'c.yaml');
    const labels =
      'requests: dayStart, positives: { behavior: [buy] }, within: 1d, negatives: { by: uniform }';
    await writeFile(
      file,
      `name: a
data: { log: { files: e.csv } }
features: { item: { item: { size: 1 } }, ranking: {} }
split: { evaluationFrom: 2016-10-20 }
tasks:
  buy: { kind: binary, labels: { ${labels} } }
  found: { kind: rank, labels: { ${labels} } }
  price: { kind: multiclass, classes: 3, labels: { requests: dayStart, next: { behavior: [buy] }, within: 1d, level: { column: price } } }
`,
    );
    const config = await loadConfig(file);
    await writeFile(file, renderConfig(config));
    expect(await loadConfig(file)).toEqual(config);
  });
});
