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
import { join } from 'node:path';
import { cacheFolder, TENSORFLOW_VERSION, tensorflowFolder } from './libtensorflow.js';
import { run } from './run.js';
import { SetupError, say } from './say.js';

const NAPI_VERSION = 8;
const LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
/** Under what name tfjs-node's sources ask the linker for each library. */
const LINKS = { 'libtensorflow.so': LIBRARIES[0], 'libtensorflow_framework.so': LIBRARIES[1] };

const packageFolder = (root) => join(root, 'node_modules', '@tensorflow', 'tfjs-node');
const addonFile = (root) => join(packageFolder(root), 'lib', `napi-v${NAPI_VERSION}`, 'tfjs_binding.node');

/** One build per version of tfjs-node and TensorFlow serves every clone of this user. */
function cachedAddon(root) {
  const { version } = JSON.parse(readFileSync(join(packageFolder(root), 'package.json'), 'utf8'));
  return join(
    cacheFolder(),
    `tfjs-node-${version}-tensorflow-${TENSORFLOW_VERSION}-napi-v${NAPI_VERSION}.node`,
  );
}

const exists = (path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

function link(target, path) {
  if (exists(path)) rmSync(path, { recursive: true });
  symlinkSync(target, path);
}

/** Whether the addon and the libraries that it loads are in their places. */
export function addonIsReady(root) {
  const lib = join(packageFolder(root), 'deps', 'lib');
  return existsSync(addonFile(root)) && LIBRARIES.every((name) => existsSync(join(lib, name)));
}

/** Call it while holding the lock of the cache, with libtensorflow in the cache. */
export function installAddon(root) {
  const deps = join(packageFolder(root), 'deps');
  const tensorflow = join(tensorflowFolder(), 'tensorflow');
  mkdirSync(join(deps, 'lib'), { recursive: true });
  for (const name of LIBRARIES) link(join(tensorflow, name), join(deps, 'lib', name));
  for (const [name, target] of Object.entries(LINKS)) link(target, join(deps, 'lib', name));
  link(join(tensorflow, 'include'), join(deps, 'include'));

  const cached = cachedAddon(root);
  if (!existsSync(cached)) compile(root, cached);
  mkdirSync(join(addonFile(root), '..'), { recursive: true });
  const temporary = `${addonFile(root)}.${process.pid}.tmp`;
  copyFileSync(cached, temporary);
  renameSync(temporary, addonFile(root));
}

function compile(root, target) {
  say('compiling the TensorFlow addon');
  const folder = packageFolder(root);
  const compiler = process.env.CXX || 'g++';
  const missing =
    'Setup compiles a small addon with it: install a C++ compiler (on Debian and Ubuntu: apt install g++), or name yours in CXX.';
  if (!existsSync(join(folder, 'binding', 'tfjs_binding.cc'))) {
    throw new SetupError(`${folder} is incomplete: remove node_modules and run setup again.`);
  }
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    run(
      compiler,
      [
        ...['-O3', '-std=c++17', '-shared', '-fPIC', `-DNAPI_VERSION=${NAPI_VERSION}`, '-o', temporary],
        ...['binding/tfjs_backend.cc', 'binding/tfjs_binding.cc', '-I..', '-Ideps/include'],
        ...['-I', join(root, 'node_modules', 'node-api-headers', 'include')],
        ...['-Ldeps/lib', '-ltensorflow', '-ltensorflow_framework', '-Wl,-rpath,$ORIGIN/../../deps/lib'],
      ],
      { cwd: folder, missing, failed: 'It needs C++17 and its standard library. What it said last:' },
    );
    renameSync(temporary, target);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Elsewhere than on Linux x64: tfjs-node's own install script, which brings its own libtensorflow. */
export function installOwnEngine(root) {
  say("running tfjs-node's own install script (downloads its libtensorflow)");
  run(process.execPath, ['scripts/install.js'], {
    cwd: packageFolder(root),
    show: true,
    missing: '',
    failed: "tfjs-node's own install script could not bring its engine; its output stands above.",
  });
}
