/** docs/licences.md: the packages that dupn runs with, by licence, as package-lock.json names them. */

/** What permits use, change and passing on, asks for a notice at most, and is what each package here must have. */
const PERMISSIVE = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Unlicense',
]);

/** Binaries of other platforms, whose packages the lockfile names alone: they are parts of these. */
const PARTS = { '@duckdb/node-bindings-': '@duckdb/node-bindings' };

const nameOf = (path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

/** Licence -> names of the packages that run, sorted. */
function licences(lockfile) {
  const entries = Object.entries(lockfile.packages).filter(([path, { dev }]) => path !== '' && !dev);
  const byName = new Map(entries.map(([path, { license }]) => [nameOf(path), license]));
  const found = {};
  for (const [path] of entries) {
    const name = nameOf(path);
    const whole = Object.entries(PARTS).find(([start]) => name.startsWith(start))?.[1];
    const licence = (byName.get(name) ?? byName.get(whole))?.replace(/^\((.*)\)$/, '$1');
    const parts = licence?.split(/ (?:AND|OR) /) ?? [];
    if (parts.length === 0 || !parts.every((part) => PERMISSIVE.has(part))) {
      throw new Error(`${name} has the licence ${licence ?? 'that the lockfile does not name'}`);
    }
    found[licence] = [...new Set([...(found[licence] ?? []), name])].sort();
  }
  return found;
}

/** The page. @throws Error for a package without a licence, or with none of the permissive ones */
export function licencesText(lockfile) {
  const sections = Object.entries(licences(lockfile))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([licence, names]) => `## ${licence}\n\n${names.join(', ')}\n`);
  return [
    '# Licences\n',
    'dupn itself is under Apache-2.0 (LICENSE). This page lists what it runs with; what only builds and tests it is left out.',
    'It is written by `npm run generate` from package-lock.json, and a test compares them. All of these licences permit use,',
    'change and passing on, and ask for a notice at most.\n',
    'Setup also fetches the TensorFlow C library (Apache-2.0, with its own list of third parties in the wheel that it comes from).\n',
    ...sections,
  ].join('\n');
}
