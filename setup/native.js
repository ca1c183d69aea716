/**
 * Step 5: our own TensorFlow kernels (native/), compiled for the instruction sets of all x86-64 CPUs at once; which of them
 * runs is decided where it runs. Without them TensorFlow's ops do the same work more slowly, so setup goes on.
 */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { NAPI_VERSION, packageFolder } from './addon.js';
import { COMPILER_MISSING, compiler } from './compiler.js';
import { cacheFolder, TENSORFLOW_VERSION } from './libtensorflow.js';
import { withLock } from './lock.js';
import { run } from './run.js';
import { SetupError, say } from './say.js';

/** The files that are compiled once for each instruction set. */
const KERNELS = ['lstm-forward.cc', 'lstm-gradient.cc', 'attention-forward.cc', 'attention-gradient.cc'];
// IS_SLIM_BUILD spares a header that is not among those of the wheel's C API.
const OPTIONS = ['-O3', '-std=c++17', '-fPIC', '-fvisibility=hidden', '-DIS_SLIM_BUILD'];
/** No fused products but those that the code names: results then do not depend on the compiler's mind. */
const VECTORS = ['-ffp-contract=off', '-fno-math-errno', '-mavx2', '-mfma'];
const INSTRUCTION_SETS = {
  avx2: [...VECTORS],
  avx512: [
    ...VECTORS,
    ...['-mavx512f', '-mavx512dq', '-mavx512bw', '-mavx512vl', '-mprefer-vector-width=512'],
  ],
};

/** Loads the library beside TensorFlow and asks a history of one step, whose state must come back. */
const PROGRAM = `
Object.assign(require('node:util'), { isNullOrUndefined: (x) => x == null, isArray: Array.isArray });
const tf = require('@tensorflow/tfjs-node');
const library = require(process.argv[1]);
const [instructions = null] = library.supported;
let state = 42;
if (instructions) {
  library.register(instructions);
  const { TF_ATTR_BOOL: type } = tf.backend().binding;
  const inputs = [tf.tensor3d([[[42]]]), tf.ones([1, 1, 1]), tf.zeros([0, 1]), tf.zeros([0], 'int32'), tf.ones([1, 1]), tf.ones([1], 'int32')];
  const outputs = tf.backend().executeMultipleOutputs('DupnAttention', [{ name: 'asked', type, value: false }], inputs, 2);
  state = outputs[0].dataSync()[0];
}
console.log(JSON.stringify({ kernels: state === 42, instructions }));
`;

const folderOf = (root) => join(root, 'native');
const libraryFile = (root) => join(root, 'build', 'kernels.node');
/** Written last: names what the library was made of. */
const stampFile = (root) => join(root, 'build', 'kernels.txt');

/** Of all that the library is made of, but for the compiler's version. */
function sourceHash(root) {
  const hash = createHash('sha256').update(
    JSON.stringify([OPTIONS, INSTRUCTION_SETS, NAPI_VERSION, TENSORFLOW_VERSION, compiler()]),
  );
  for (const name of readdirSync(folderOf(root)).sort()) {
    hash.update(`${name}\n`).update(readFileSync(join(folderOf(root), name)));
  }
  return hash.digest('hex');
}

export function kernelsAreReady(root) {
  const stamp = stampFile(root);
  return (
    existsSync(libraryFile(root)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === sourceHash(root)
  );
}

/** Compiles and tries them. Where that fails it says why, and leaves no library behind. */
export async function installKernels(root) {
  const library = libraryFile(root);
  rmSync(stampFile(root), { force: true });
  try {
    const cached = await withLock(join(cacheFolder(), 'setup.lock'), () => compiled(root));
    mkdirSync(join(library, '..'), { recursive: true });
    const temporary = `${library}.${process.pid}.tmp`;
    copyFileSync(cached, temporary);
    renameSync(temporary, library);
    const instructions = await tryKernels(root);
    writeFileSync(stampFile(root), sourceHash(root));
    say(`ready: kernels for ${instructions ?? 'CPUs with AVX2, which this one has not'}`);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    rmSync(library, { force: true });
    say(`no kernels of our own, TensorFlow's are slower: ${error.message}`);
  }
}

/** The library in the cache: one build serves every clone of this user. */
async function compiled(root) {
  const [command, ...args] = compiler();
  const version = await run(command, [...args, '--version'], {
    missing: COMPILER_MISSING,
    failed: COMPILER_MISSING,
  });
  const glibc = process.report.getReport().header.glibcVersionRuntime;
  const hash = createHash('sha256').update(sourceHash(root)).update(version).digest('hex').slice(0, 12);
  const cached = join(cacheFolder(), `kernels-${hash}-glibc-${glibc}.node`);
  if (existsSync(cached)) return cached;
  say('compiling our own kernels');
  const temporary = `${cached}.${process.pid}.tmp`;
  try {
    await compile(root, temporary);
    renameSync(join(temporary, 'kernels.node'), cached);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return cached;
}

/** Leaves kernels.node in the folder `target`. */
async function compile(root, target) {
  const source = folderOf(root);
  const deps = join(packageFolder(root), 'deps');
  const [command, ...args] = compiler();
  const call = (cwd, rest) =>
    run(command, [...args, ...rest], {
      cwd,
      missing: COMPILER_MISSING,
      failed: 'It needs C++17 and AVX-512.',
    });
  const headers = [
    '-I',
    join(deps, 'include'),
    '-I',
    join(root, 'node_modules', 'node-api-headers', 'include'),
  ];
  const common = [...OPTIONS, `-DNAPI_VERSION=${NAPI_VERSION}`, ...headers, '-c'];
  const others = readdirSync(source).filter((name) => name.endsWith('.cc') && !KERNELS.includes(name));
  const builds = [
    { folder: 'ops', options: [], files: others },
    ...Object.entries(INSTRUCTION_SETS).map(([name, options]) => ({
      folder: name,
      options: [...options, `-DINSTRUCTIONS=${name}`],
      files: KERNELS,
    })),
  ];
  await Promise.all(
    builds.map(({ folder, options, files }) => {
      const cwd = join(target, folder);
      mkdirSync(cwd, { recursive: true });
      return call(cwd, [...common, ...options, ...files.map((name) => join(source, name))]);
    }),
  );
  const objects = builds.flatMap(({ folder, files }) =>
    files.map((name) => join(folder, name.replace(/\.cc$/, '.o'))),
  );
  const libraries = ['-L', join(deps, 'lib'), '-ltensorflow', '-ltensorflow_framework', '-pthread'];
  await call(target, ['-shared', '-o', 'kernels.node', ...objects, ...libraries]);
}

/** In a process of its own; returns the instruction set that ran, null where the CPU has none of them. */
async function tryKernels(root) {
  const output = await run(process.execPath, ['-e', PROGRAM, libraryFile(root)], {
    cwd: root,
    env: { TF_CPP_MIN_LOG_LEVEL: '2', NODE_PATH: join(root, 'node_modules') },
    missing: '',
    failed: 'The kernels do not start.',
  });
  const line = output.split('\n').find((text) => text.startsWith('{"kernels"'));
  const result = line ? JSON.parse(line) : { kernels: false };
  if (!result.kernels) throw new SetupError('The kernels compute wrongly.');
  return result.instructions;
}
