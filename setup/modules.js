/** Step 1: the npm packages of the lockfile, without their install scripts. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.js';
import { say } from './say.js';

/** Changes when the packages would. All binaries among them are for Node-API, so not with the Node version. */
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

/** `guard` is told the process number of npm. */
export async function installModules(root, guard) {
  say('installing the npm packages of the lockfile');
  rmSync(stampFile(root), { force: true });
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  // NODE_ENV=production would leave out what the build needs.
  const options = ['--ignore-scripts', '--include=dev', '--prefer-offline', '--no-audit', '--no-fund'];
  await run(npm, ['ci', ...options, '--loglevel=error'], {
    cwd: root,
    onStart: guard,
    missing: 'Install npm (it comes with Node.js).',
    failed: 'The npm packages could not be installed.',
  });
  writeFileSync(stampFile(root), stampOf(root));
}
