/** What runs here: versions, CPU, memory, where TensorFlow comes from, and what is wrong. Needs no working engine. */
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, availableParallelism, cpus, freemem, platform, totalmem } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../common/errors.js';
import { loadTensorflow } from './load.js';
import { type Kernels, kernels } from './native.js';

export interface Problem {
  readonly what: string;
  readonly remedy: string;
}

export interface Diagnosis {
  readonly node: string;
  readonly platform: string;
  readonly engine: {
    /** Version of tfjs-node; null where it is not installed. */
    readonly tfjsNode: string | null;
    /** Version of libtensorflow; null where it does not load. */
    readonly tensorflow: string | null;
    readonly source: 'pinned wheel' | "tfjs-node's own install script" | null;
    /** Which code runs the recurrence and the attention; null where the engine does not load. */
    readonly kernels: Kernels | null;
  };
  readonly cpu: { readonly model: string; readonly threads: number; readonly features: readonly string[] };
  readonly memory: { readonly totalBytes: number; readonly freeBytes: number };
  /** Other native parts. */
  readonly duckdb: string | null;
  readonly problems: readonly Problem[];
}

const require = createRequire(import.meta.url);

/** CPU features that decide which kernels run. */
const FEATURES = ['avx2', 'fma', 'avx512f', 'avx512_bf16', 'amx_bf16', 'amx_tile'] as const;

function packageVersion(name: string): string | null {
  for (const folder of require.resolve.paths(name) ?? []) {
    const file = join(folder, name, 'package.json');
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  }
  return null;
}

/** On Linux the flags of the first core; empty elsewhere. */
function cpuFeatures(): string[] {
  if (!existsSync('/proc/cpuinfo')) return [];
  const flags =
    /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.trim().split(/\s+/) ?? [];
  return FEATURES.filter((feature) => flags.includes(feature));
}

/** What this process may use: the container's limit where that is lower than the machine's memory. */
function memoryLimit(): number {
  for (const file of ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes']) {
    if (!existsSync(file)) continue;
    const limit = Number(readFileSync(file, 'utf8'));
    if (Number.isFinite(limit) && limit > 0) return Math.min(limit, totalmem());
  }
  return totalmem();
}

/** Setup links the wheel's library under its own name; tfjs-node's own script unpacks another. */
function engineSource(): Diagnosis['engine']['source'] {
  for (const folder of require.resolve.paths('@tensorflow/tfjs-node') ?? []) {
    const lib = join(folder, '@tensorflow', 'tfjs-node', 'deps', 'lib');
    if (!existsSync(lib)) continue;
    const library = lstatSync(join(lib, 'libtensorflow_cc.so.2'), { throwIfNoEntry: false });
    return library?.isSymbolicLink() ? 'pinned wheel' : "tfjs-node's own install script";
  }
  return null;
}

/** Loads the engine and multiplies two matrices. */
function tryEngine(): { readonly version: string | null; readonly problems: readonly Problem[] } {
  const remedy = 'run `npm run setup` in the folder of dupn';
  try {
    const tf = loadTensorflow();
    const { TF_Version: version } = (tf.backend() as unknown as { binding: { TF_Version: string } }).binding;
    const a = tf.tensor2d([
      [1, 2],
      [3, 4],
    ]);
    const product = tf.tidy(() => tf.matMul(a, a).dataSync().join());
    a.dispose();
    if (product === '7,10,15,22') return { version, problems: [] };
    return { version, problems: [{ what: `the engine multiplies wrongly: got ${product}`, remedy }] };
  } catch (error) {
    return { version: null, problems: [{ what: messageOf(error), remedy }] };
  }
}

/** Our own kernels should run wherever they can, unless someone chose otherwise. */
function tryKernels(canRun: boolean): {
  readonly found: Kernels | null;
  readonly problems: readonly Problem[];
} {
  try {
    const found = kernels();
    if (found.kind === 'native' || !canRun || process.env.DUPN_KERNELS === 'block') {
      return { found, problems: [] };
    }
    const what = `our own kernels do not run, TensorFlow's are slower: ${found.reason}`;
    return { found, problems: [{ what, remedy: 'run `npm run setup` in the folder of dupn' }] };
  } catch (error) {
    return {
      found: null,
      problems: [{ what: messageOf(error), remedy: 'set DUPN_KERNELS otherwise, or not at all' }],
    };
  }
}

export function diagnose(): Diagnosis {
  const [first] = cpus();
  const engine = tryEngine();
  const source = engineSource();
  const features = cpuFeatures();
  const isLinux = platform() === 'linux' && arch() === 'x64';
  const ours =
    engine.version === null
      ? { found: null, problems: [] }
      : tryKernels(isLinux && features.includes('avx2') && features.includes('fma'));
  const problems = [...engine.problems, ...ours.problems];
  if (isLinux && engine.version !== null && source !== 'pinned wheel') {
    problems.push({
      what: 'TensorFlow is not the pinned one: results may differ from those of others',
      remedy: 'remove node_modules and run `npm run setup`',
    });
  }
  if (!isLinux && engine.version !== null) {
    problems.push({
      what: `on ${platform()} ${arch()} the engine is tfjs-node's own TensorFlow, which is older`,
      remedy: 'use Linux x64, or the Dockerfile, for the pinned one',
    });
  }
  if (isLinux && !features.includes('avx2')) {
    problems.push({
      what: 'the CPU has no AVX2: training will be slow',
      remedy: 'use a CPU of 2013 or later',
    });
  }
  return {
    node: process.version,
    platform: `${platform()} ${arch()}`,
    engine: {
      tfjsNode: packageVersion('@tensorflow/tfjs-node'),
      tensorflow: engine.version,
      source,
      kernels: ours.found,
    },
    cpu: { model: first?.model ?? 'unknown', threads: availableParallelism(), features },
    memory: { totalBytes: memoryLimit(), freeBytes: freemem() },
    duckdb: packageVersion('@duckdb/node-api'),
    problems,
  };
}
