/**
 * Step 3: tfjs-node's addon, compiled against that libtensorflow by one call of the C++ compiler. Node-API is the
 * same for every Node version, so its headers come from an npm package and no Node headers are needed.
 */
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { COMPILER_MISSING, compiler } from './compiler.js';
import { cacheFolder, TENSORFLOW_VERSION, tensorflowFolder } from './libtensorflow.js';
import { run } from './run.js';
import { SetupError, say } from './say.js';

export const NAPI_VERSION = 8;
const LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
/** Under what name tfjs-node's sources ask the linker for each library. */
const LINKS = { 'libtensorflow.so': LIBRARIES[0], 'libtensorflow_framework.so': LIBRARIES[1] };

export const packageFolder = (root) => join(root, 'node_modules', '@tensorflow', 'tfjs-node');
const addonFile = (root) => join(packageFolder(root), 'lib', `napi-v${NAPI_VERSION}`, 'tfjs_binding.node');

/** One build serves every clone of this user; a home shared by systems with other C libraries gets one for each. */
function cachedAddon(root, glibc) {
  const { version } = JSON.parse(readFileSync(join(packageFolder(root), 'package.json'), 'utf8'));
  const built = [`tfjs-node-${version}`, `tensorflow-${TENSORFLOW_VERSION}`, `napi-v${NAPI_VERSION}`];
  return join(cacheFolder(), `${[...built, `glibc-${glibc}`].join('-')}.node`);
}

const exists = (path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

function link(target, path) {
  if (exists(path)) rmSync(path, { recursive: true });
  symlinkSync(target, path);
}

/** Whether the addon is in its place, and with the pinned wheel the libraries that it loads. */
export function addonIsReady(root, usesPinnedWheel) {
  const lib = join(packageFolder(root), 'deps', 'lib');
  const libraries = usesPinnedWheel ? LIBRARIES : [];
  return existsSync(addonFile(root)) && libraries.every((name) => existsSync(join(lib, name)));
}

/**
 * What the addon needs of the system, checked before TensorFlow is fetched.
 * @throws SetupError that names what is missing
 */
export async function checkAddonRequirements(root) {
  const glibc = process.report.getReport().header.glibcVersionRuntime;
  if (!glibc) {
    throw new SetupError(
      'TensorFlow has no build for this C library (musl, as in Alpine Linux): use a system with glibc, such as Debian, or the Dockerfile.',
    );
  }
  if (existsSync(cachedAddon(root, glibc))) return;
  const [command, ...args] = compiler();
  await run(command, [...args, '--version'], { missing: COMPILER_MISSING, failed: COMPILER_MISSING });
}

/** Call it while holding the lock of the cache, with libtensorflow in the cache. */
export async function installAddon(root) {
  const deps = join(packageFolder(root), 'deps');
  const tensorflow = join(tensorflowFolder(), 'tensorflow');
  mkdirSync(join(deps, 'lib'), { recursive: true });
  for (const name of LIBRARIES) link(join(tensorflow, name), join(deps, 'lib', name));
  for (const [name, target] of Object.entries(LINKS)) link(target, join(deps, 'lib', name));
  link(join(tensorflow, 'include'), join(deps, 'include'));

  const cached = cachedAddon(root, process.report.getReport().header.glibcVersionRuntime);
  if (!existsSync(cached)) await compile(root, cached);
  mkdirSync(join(addonFile(root), '..'), { recursive: true });
  const temporary = `${addonFile(root)}.${process.pid}.tmp`;
  copyFileSync(cached, temporary);
  renameSync(temporary, addonFile(root));
}

async function compile(root, target) {
  say('compiling the TensorFlow addon');
  const folder = packageFolder(root);
  const [command, ...args] = compiler();
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    await run(
      command,
      [
        ...[
          ...args,
          '-O2',
          '-std=c++17',
          '-shared',
          '-fPIC',
          `-DNAPI_VERSION=${NAPI_VERSION}`,
          '-o',
          temporary,
        ],
        ...['binding/tfjs_backend.cc', 'binding/tfjs_binding.cc', '-I..', '-Ideps/include'],
        ...['-I', join(root, 'node_modules', 'node-api-headers', 'include')],
        ...['-Ldeps/lib', '-ltensorflow', '-ltensorflow_framework', '-Wl,-rpath,$ORIGIN/../../deps/lib'],
      ],
      { cwd: folder, missing: COMPILER_MISSING, failed: 'It needs C++17 and its standard library.' },
    );
    renameSync(temporary, target);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Elsewhere than on Linux x64: tfjs-node's own install script, which brings its own libtensorflow. */
export async function installOwnEngine(root, guard) {
  say(
    `on ${process.platform} ${process.arch} the engine is that of tfjs-node's own install script, which downloads it`,
  );
  // The script calls node-pre-gyp by its name, as npm would let it.
  const path = [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
  await run(process.execPath, ['scripts/install.js'], {
    cwd: packageFolder(root),
    env: { PATH: path },
    show: true,
    onStart: guard,
    missing: '',
    failed: "tfjs-node's own install script could not bring its engine; its output stands above.",
  });
}
