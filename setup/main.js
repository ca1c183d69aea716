/**
 * Prepares a clone: npm packages, TensorFlow, its addon, a first multiplication. Does only what is not done yet, may be
 * interrupted at any moment and run twice at once. `--modules-only` stops after the npm packages.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addonIsReady, installAddon, installOwnEngine } from './addon.js';
import { cacheFolder, fetchTensorflow, TENSORFLOW_VERSION } from './libtensorflow.js';
import { withLock } from './lock.js';
import { installModules, modulesAreReady } from './modules.js';
import { SetupError, say } from './say.js';
import { verifyEngine } from './verify.js';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Written last: names what was verified to run. */
const verifiedFile = join(root, 'node_modules', '.dupn-engine');
const verifiedText = `${TENSORFLOW_VERSION} ${process.platform} ${process.arch} ${process.version}\n`;
const usesPinnedWheel = process.platform === 'linux' && process.arch === 'x64';

function engineIsReady() {
  const verified = existsSync(verifiedFile) && readFileSync(verifiedFile, 'utf8') === verifiedText;
  return verified && (!usesPinnedWheel || addonIsReady(root));
}

async function prepare(modulesOnly) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 12)) {
    throw new SetupError(`dupn needs Node.js 20.12 or later, this is ${process.version}.`);
  }
  const isReady = () => modulesAreReady(root) && (modulesOnly || engineIsReady());
  if (isReady()) return;
  await withLock(join(root, '.setup.lock'), async () => {
    if (!modulesAreReady(root)) installModules(root);
    if (modulesOnly || engineIsReady()) return;
    if (usesPinnedWheel) {
      await withLock(join(cacheFolder(), 'setup.lock'), async () => {
        await fetchTensorflow();
        installAddon(root);
      });
    } else {
      installOwnEngine(root);
    }
    const { version, tensorflow } = verifyEngine(root);
    writeFileSync(verifiedFile, verifiedText);
    say(`ready: tfjs-node ${version} on TensorFlow ${tensorflow}`);
  });
}

try {
  await prepare(process.argv.includes('--modules-only'));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`\nSetup stopped: ${error.message}`);
  process.exitCode = 1;
}
