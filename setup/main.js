/**
 * Prepares a clone: npm packages, TensorFlow, its addon, a first multiplication, our own kernels. Does only what is not done
 * yet, may be interrupted at any moment and run twice at once. `--modules-only` stops after the npm packages.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addonIsReady, checkAddonRequirements, installAddon, installOwnEngine } from './addon.js';
import { cacheFolder, fetchTensorflow, TENSORFLOW_VERSION } from './libtensorflow.js';
import { withLock } from './lock.js';
import { installModules, modulesAreReady } from './modules.js';
import { installKernels, kernelsAreReady } from './native.js';
import { causeOf } from './run.js';
import { SetupError, say } from './say.js';
import { verifyEngine } from './verify.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const usesPinnedWheel = process.platform === 'linux' && process.arch === 'x64';
/** Written last: names what was verified to run. */
const verifiedFile = join(root, 'node_modules', '.dupn-engine');
const verifiedText = `${TENSORFLOW_VERSION} ${process.platform} ${process.arch}\n`;

function engineIsReady() {
  const verified = existsSync(verifiedFile) && readFileSync(verifiedFile, 'utf8') === verifiedText;
  return verified && addonIsReady(root, usesPinnedWheel);
}

async function installEngine(guard) {
  rmSync(verifiedFile, { force: true });
  if (usesPinnedWheel) {
    await checkAddonRequirements(root);
    await withLock(join(cacheFolder(), 'setup.lock'), async () => {
      await fetchTensorflow();
      await installAddon(root);
    });
  } else {
    await installOwnEngine(root, guard);
  }
  const { version, tensorflow } = await verifyEngine(root);
  writeFileSync(verifiedFile, verifiedText);
  say(`ready: tfjs-node ${version} on TensorFlow ${tensorflow}`);
}

async function prepare(modulesOnly) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 12)) {
    throw new SetupError(`dupn needs Node.js 20.12 or later, this is ${process.version}.`);
  }
  const isReady = () =>
    modulesAreReady(root) &&
    (modulesOnly || (engineIsReady() && (!usesPinnedWheel || kernelsAreReady(root))));
  if (isReady()) return say('nothing to do');
  await withLock(join(root, '.setup.lock'), async (guard) => {
    if (!modulesAreReady(root)) await installModules(root, guard);
    if (modulesOnly) return;
    if (!engineIsReady()) await installEngine(guard);
    if (usesPinnedWheel && !kernelsAreReady(root)) await installKernels(root);
  });
}

try {
  await prepare(process.argv.includes('--modules-only'));
} catch (error) {
  // Of the system's errors (a full disk, a folder of another owner) the usual cause tells more than the stack.
  const cause = error instanceof SetupError ? '' : causeOf(String(error.code));
  if (!(error instanceof SetupError || cause)) throw error;
  console.error(`\nSetup stopped: ${[error.message, cause].filter(Boolean).join('. ')}`);
  process.exitCode = 1;
}
