/**
 * Which folder of src/ may import which: the table of layers, kept by `npm run check`.
 * Every layer may import common, and the types of config.
 */

/** layer -> what it imports beyond itself, common and config's types; `x:types` is types alone. */
const layers = {
  common: [],
  config: [],
  features: ['config'],
  preprocess: ['features', 'config'],
  dataset: ['features', 'config'],
  engine: [],
  model: ['engine', 'dataset:types'],
  distributed: ['engine'],
  evaluation: ['model', 'dataset', 'features'],
  word2vec: [],
  training: ['model', 'dataset', 'engine', 'distributed', 'evaluation', 'word2vec'],
  experiments: ['config', 'training', 'evaluation', 'dataset', 'model'],
  delivery: ['model', 'dataset', 'features'],
  serving: ['delivery', 'model', 'engine', 'dataset', 'features'],
  ab: ['delivery', 'features'],
  synthetic: ['config'],
  report: ['experiments:types', 'evaluation:types'],
};

const folders = (names) => `^src/(${names.join('|')})/`;

const layerRules = Object.entries(layers).flatMap(([layer, imports]) => {
  const types = imports.filter((name) => name.endsWith(':types')).map((name) => name.replace(':types', ''));
  const whole = [layer, 'common', ...imports.filter((name) => !name.endsWith(':types'))];
  const typesOnly = layer === 'common' ? types : ['config', ...types];
  const from = { path: folders([layer]) };
  return [
    {
      name: `${layer}-imports`,
      comment: `src/${layer}/ may import ${whole.join(', ')} and the types of ${typesOnly.join(', ') || 'nothing'}`,
      severity: 'error',
      from,
      to: { path: '^src/', pathNot: folders([...whole, ...typesOnly]) },
    },
    {
      name: `${layer}-imports-types`,
      comment: `src/${layer}/ may import only the types of ${typesOnly.join(', ')}`,
      severity: 'error',
      from,
      to: {
        path: folders(typesOnly.filter((name) => !whole.includes(name)).concat('-')),
        dependencyTypesNot: ['type-only'],
      },
    },
  ];
});

module.exports = {
  forbidden: [
    ...layerRules,
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      // A circle of types alone is gone when the code runs.
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-unlisted-packages',
      comment: 'what src/ imports is a dependency of package.json, and no development one',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-unknown-layer',
      comment: 'a new folder of src/ gets its line in the table of layers',
      severity: 'error',
      from: { path: '^src/', pathNot: folders([...Object.keys(layers), 'cli']) },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
