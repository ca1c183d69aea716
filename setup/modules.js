/** Step 1: the npm packages of the lockfile, without their install scripts. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.js';
import { say } from './say.js';

/** Changes when the packages would. */
const stampOf = (root) =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(`${process.platform} ${process.arch}`)
    .digest('hex');

const stampFile = (root) => join(root, 'node_modules', '.dupn-modules');

export function modulesAreReady(root) {
  const file = stampFile(root);
  return existsSync(file) && readFileSync(file, 'utf8') === stampOf(root);
}

export function installModules(root) {
  say('installing the npm packages of the lockfile');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  run(npm, ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    missing: 'Install npm (it comes with Node.js).',
    failed: 'Is the npm registry reachable from here? What npm said last:',
  });
  writeFileSync(stampFile(root), stampOf(root));
}
