import { mkdir, mkdtemp, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../src/common/errors.js';
import { loadComparison } from '../../src/config/load-comparison.js';

const BASE = `name: shop
data: { log: { files: events.csv } }
features: { item: { item: { size: 8 } } }
split: { evaluationFrom: 2016-10-20 }
tasks:
  ctr: { kind: binary, samples: { files: ctr.csv } }
  buy: { kind: binary, samples: { files: buy.csv } }
train: { epochs: 3 }
run: { folder: elsewhere }
`;

const COMPARISON = `name: paper
base: base/shop.yaml
seeds: [1, 2]
variants:
  nobp: { model: { variant: nobp } }
  ctr: { train: { tasks: [ctr] } }
  buy: { train: { tasks: [buy] } }
groups:
  single: [ctr, buy]
`;

let folder: string;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'dupn-comparison-')));
  await write('base/shop.yaml', BASE);
});

async function write(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return path;
}

/** The lines under the heading of the error, with the folder taken out of them. */
async function problemsIn(text: string, set: readonly string[] = []): Promise<string[]> {
  const error = await loadComparison(await write('c.yaml', text), { set }).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UserError);
  const [, ...lines] = (error as UserError).message.split('\n');
  return lines.map((line) => line.trim().replaceAll(/[^ ]*dupn-comparison-\w+\//g, ''));
}

describe('a comparison that holds', () => {
  it('has the config of every variant, laid over the base', async () => {
    const comparison = await loadComparison(await write('c.yaml', COMPARISON));
    expect(comparison).toMatchObject({ name: 'paper', folder: 'elsewhere/paper', seeds: [1, 2] });
    expect(comparison.groups).toEqual({ single: ['ctr', 'buy'] });
    expect([...comparison.configs.keys()]).toEqual(['base', 'nobp', 'ctr', 'buy']);
    const { base, nobp, ctr } = Object.fromEntries(comparison.configs);
    expect(base!.model.variant).toBe('all');
    expect(nobp).toMatchObject({ name: 'shop', model: { variant: 'nobp' }, train: { epochs: 3 } });
    expect(nobp!.data.root).toBe(join(folder, 'base'));
    expect(ctr!.train).toMatchObject({ tasks: ['ctr'], epochs: 3 });
  });

  it('names the prepared data of a variant that reads other data', async () => {
    const text = `${COMPARISON.split('groups')[0]}
  rare: { features: { item: { item: { minCount: 2 } } } }
  moved: { data: { root: ../other } }
  wide: { features: { item: { item: { size: 9 } } } }
`;
    const { configs } = await loadComparison(await write('c.yaml', text));
    const names = [...configs].map(([variant, { name }]) => [variant, name]);
    expect(Object.fromEntries(names)).toEqual({
      base: 'shop',
      nobp: 'shop',
      ctr: 'shop',
      buy: 'shop',
      rare: 'shop-paper-rare',
      moved: 'shop-paper-moved',
      wide: 'shop',
    });
    expect(configs.get('moved')!.data.root).toBe(join(dirname(folder), 'other'));
  });

  it('lets a variant take a key of the base away', async () => {
    const text = `${COMPARISON.split('groups')[0]}  short: { train: { epochs: null } }\n`;
    const { configs } = await loadComparison(await write('c.yaml', text));
    expect(configs.get('short')!.train.epochs).toBe(10);
  });

  it('takes --set for its own keys, and the root of the data from the environment', async () => {
    const { seeds, configs } = await loadComparison(await write('c.yaml', COMPARISON), {
      set: ['seeds=[7]', 'variants.nobp.model.units=5'],
      env: { DUPN_DATA_ROOT: '/data' },
    });
    expect(seeds).toEqual([7]);
    expect(configs.get('nobp')!.model).toMatchObject({ variant: 'nobp', units: 5 });
    expect(configs.get('nobp')!.data.root).toBe('/data');
  });
});

describe('problems', () => {
  it('of its own keys are reported with position and suggestion', async () => {
    const text = 'name: paper\nbase: base/shop.yaml\nseed: [1]\nseeds: [1.5]\nvariants: { nobp: all }\n';
    expect(await problemsIn(text)).toEqual([
      'c.yaml:3:1 seed: unknown key, did you mean `seeds`?',
      'c.yaml:4:9 seeds.0: expected a whole number, got 1.5',
      'c.yaml:5:19 variants.nobp: expected a map, got "all"',
    ]);
  });

  it('of variants and of the base come together, where they stand', async () => {
    await write('base/shop.yaml', `${BASE}modl: {}\n`);
    const text = COMPARISON.replace('variant: nobp', 'varant: nobp').replace('[ctr] } }', '[click] } }');
    expect(await problemsIn(text)).toEqual([
      'c.yaml:5:20 model.varant: unknown key, did you mean `variant`?',
      'c.yaml:6:19 train.tasks: expected names of tasks (ctr, buy), got click',
      'base/shop.yaml:10:1 modl: unknown key, did you mean `model`?',
    ]);
  });

  it.each([
    ['seeds: [1, 2]', 'seeds: [3, 3]', 'c.yaml:3:1 seeds: expected distinct numbers, got 3 twice'],
    [
      '  nobp: {',
      '  base: {',
      'c.yaml:5:3 variants.base: expected a name that differs from base by more than case',
    ],
    [
      'groups:\n  single: [ctr, buy]',
      'groups:\n  NoBP: [ctr, buy]',
      'c.yaml:9:3 groups.NoBP: expected a name that differs from nobp by more than case',
    ],
    [
      '[ctr, buy]',
      '[ctr, by]',
      'c.yaml:9:17 groups.single.1: expected one of variants (nobp, ctr, buy), got by',
    ],
    [
      '[ctr, buy]',
      '[ctr, nobp]',
      'c.yaml:9:17 groups.single.1: expected a variant that sets train.tasks, got nobp, which trains all tasks',
    ],
    [
      'tasks: [buy]',
      'tasks: [buy, ctr]',
      'c.yaml:9:17 groups.single.1: expected members that train different tasks, got ctr in ctr and buy',
    ],
    [
      '{ variant: nobp }',
      '{ variant: nobp }, run: { name: x }, train: { seed: 2 }',
      'c.yaml:5:37 variants.nobp.run: expected none: the comparison names its runs and gives their seeds',
      'c.yaml:5:70 variants.nobp.train.seed: expected none: the comparison names its runs and gives their seeds',
    ],
    [
      'base/shop.yaml',
      'base/gone.yaml',
      'c.yaml:2:7 base: expected a YAML that can be read: Cannot read the config base/gone.yaml: there is no such file',
    ],
  ])('%j replaced by %j', async (from, to, ...problems) => {
    expect(await problemsIn(COMPARISON.replace(from, to))).toEqual(problems);
  });

  it('of a flag name it', async () => {
    expect(await problemsIn(COMPARISON, ['seeds=many', 'variants.nobp.model.units=0'])).toEqual([
      '--set seeds=many seeds: expected a list, got "many"',
    ]);
    expect(await problemsIn(COMPARISON, ['variants.nobp.model.units=0'])).toEqual([
      '--set variants.nobp.model.units=0 model.units: expected a number above 0, got 0',
    ]);
  });

  it('are those of a base without a task', async () => {
    await write('base/shop.yaml', BASE.replace(/tasks:\n.*\n.*\n/, 'tasks: {}\n'));
    const text = COMPARISON.replace(/ {2}ctr.*/s, '');
    expect(await problemsIn(text)).toEqual([
      'c.yaml:2:7 base: expected a config with a task, got one without',
    ]);
  });

  it('of a base that extends the comparison are a circle', async () => {
    await write('base/shop.yaml', 'extends: ../c.yaml\n');
    const [problem] = await problemsIn(COMPARISON);
    expect(problem).toContain('expected files that do not extend each other in a circle');
  });
});
