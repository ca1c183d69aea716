/**
 * Step 2: libtensorflow and its headers, from TensorFlow's pinned wheel on PyPI, unpacked once per user.
 * Whoever runs dupn on Linux x64 runs this very TensorFlow.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { run } from './run.js';
import { SetupError, say } from './say.js';

export const TENSORFLOW_VERSION = '2.18.0';
const WHEEL_SHA256 = '089e71746960ea581dca53401f84b3b99c8537313e337a9e5dbf97036a936f7e';

/** The wheel is chosen for its libraries, whatever Python runs here. */
const PIP_ARGUMENTS = [
  ...['-m', 'pip', 'download', '--quiet', '--no-deps', '--disable-pip-version-check', '--no-input'],
  ...['--only-binary=:all:', '--implementation', 'cp', '--python-version', '3.11'],
  ...['--platform', 'manylinux_2_17_x86_64', `tensorflow-cpu==${TENSORFLOW_VERSION}`],
];

/** Copies what the addon needs out of the wheel: arguments are the wheel and the folder. */
const UNPACK = `
import sys, zipfile
libraries = ('tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2')
headers = tuple('tensorflow/include/' + p for p in ('tensorflow/c/', 'tensorflow/core/platform/', 'xla/tsl/', 'tsl/'))
with zipfile.ZipFile(sys.argv[1]) as wheel:
    for name in wheel.namelist():
        if name in libraries or name.startswith(headers): wheel.extract(name, sys.argv[2])
`;

/** The per-user cache: $XDG_CACHE_HOME/dupn or ~/.cache/dupn. */
export function cacheFolder() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'dupn');
}

/** Holds tensorflow/libtensorflow_*.so.2 and tensorflow/include once it exists: it appears whole. */
export function tensorflowFolder() {
  return join(cacheFolder(), `tensorflow-${TENSORFLOW_VERSION}-${WHEEL_SHA256.slice(0, 8)}`);
}

const MISSING_PYTHON =
  'Setup takes TensorFlow from PyPI with it: install Python 3 with pip (on Debian and Ubuntu: apt install python3 python3-pip).';

export async function checkWheel(path) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  const got = hash.digest('hex');
  if (got !== WHEEL_SHA256) {
    throw new SetupError(
      `The wheel of TensorFlow ${TENSORFLOW_VERSION} is not the one that dupn was made with: ` +
        `expected sha256 ${WHEEL_SHA256}, got ${got}. A broken download: run setup again. ` +
        'A mirror that changes packages: use one that does not.',
    );
  }
}

/** Call it while holding the lock of the cache. */
export async function fetchTensorflow() {
  const target = tensorflowFolder();
  if (existsSync(target)) return;
  const cache = cacheFolder();
  mkdirSync(cache, { recursive: true });
  for (const leftover of readdirSync(cache).filter((name) => name.endsWith('.tmp'))) {
    rmSync(join(cache, leftover), { recursive: true, force: true });
  }
  const temporary = join(cache, `tensorflow.${process.pid}.tmp`);
  mkdirSync(temporary);
  try {
    run('python3', ['-m', 'pip', '--version'], { missing: MISSING_PYTHON, failed: MISSING_PYTHON });
    say(`fetching TensorFlow ${TENSORFLOW_VERSION} from PyPI (230 MB, once per user)`);
    run('python3', [...PIP_ARGUMENTS, '--dest', temporary], {
      missing: MISSING_PYTHON,
      failed: 'Is PyPI, or the mirror that pip is set up for, reachable from here? What pip said last:',
    });
    const wheel = readdirSync(temporary).find((name) => name.endsWith('.whl'));
    if (!wheel) throw new SetupError('pip ended well but left no wheel; run setup again.');
    await checkWheel(join(temporary, wheel));
    say('unpacking it (680 MB)');
    const unpacked = join(temporary, 'unpacked');
    run('python3', ['-c', UNPACK, join(temporary, wheel), unpacked], {
      missing: MISSING_PYTHON,
      failed: `Is there 1 GB of free space in ${cache}? What Python said last:`,
    });
    renameSync(unpacked, target);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
