/**
 * Step 2: libtensorflow and its headers, from TensorFlow's pinned wheel on PyPI, unpacked once per user.
 * Whoever runs dupn on Linux x64 runs this very TensorFlow.
 */
import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { run } from './run.js';
import { SetupError, say } from './say.js';

export const TENSORFLOW_VERSION = '2.18.0';
const WHEEL_SHA256 = '089e71746960ea581dca53401f84b3b99c8537313e337a9e5dbf97036a936f7e';
const WHEEL_MEGABYTES = 230;
/** The wheel and what is taken out of it, together. */
const NEEDED_MEGABYTES = 920;
const PROGRESS_MS = 10_000;

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

const PYTHON = {
  missing:
    'Setup takes TensorFlow from PyPI with it: install Python 3 with pip (on Debian and Ubuntu: apt install python3 python3-pip).',
};

/** @throws SetupError when the file is not the pinned wheel */
async function checkWheel(path) {
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

/** What must be there before 230 MB are fetched. */
async function checkRequirements(cache) {
  await run('python3', ['-m', 'pip', '--version'], {
    ...PYTHON,
    failed: 'pip is missing: install it (on Debian and Ubuntu: apt install python3-pip).',
  });
  const { bavail, bsize } = statfsSync(cache);
  const freeMegabytes = Math.floor((bavail * bsize) / 1e6);
  if (freeMegabytes < NEEDED_MEGABYTES) {
    throw new SetupError(
      `TensorFlow needs ${NEEDED_MEGABYTES} MB of free space in ${cache}, there are ${freeMegabytes} MB. ` +
        'Make room, or point XDG_CACHE_HOME elsewhere.',
    );
  }
}

function megabytesIn(folder) {
  const files = readdirSync(folder, { recursive: true });
  const bytes = files.map((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0);
  return Math.round(bytes.reduce((sum, size) => sum + size, 0) / 1e6);
}

/** Downloads the wheel into `folder`, which pip uses for its temporary files too; returns its path. */
async function downloadWheel(folder) {
  const progress = setInterval(() => say(`  ${megabytesIn(folder)} MB so far`), PROGRESS_MS);
  try {
    await run('python3', [...PIP_ARGUMENTS, '--dest', folder], {
      ...PYTHON,
      env: { TMPDIR: folder, PIP_REQUIRE_VIRTUALENV: '0' },
      failed: 'pip could not fetch TensorFlow from PyPI or the mirror that it is set up for.',
    });
  } finally {
    clearInterval(progress);
  }
  const wheel = readdirSync(folder).find((name) => name.endsWith('.whl'));
  if (!wheel) throw new SetupError('pip ended well but left no wheel; run setup again.');
  return join(folder, wheel);
}

/** Call it while holding the lock of the cache. */
export async function fetchTensorflow() {
  const target = tensorflowFolder();
  const cache = cacheFolder();
  mkdirSync(cache, { recursive: true });
  for (const leftover of readdirSync(cache).filter((name) => name.endsWith('.tmp'))) {
    rmSync(join(cache, leftover), { recursive: true, force: true, maxRetries: 3 });
  }
  if (existsSync(target)) return;
  await checkRequirements(cache);
  const temporary = join(cache, `tensorflow.${process.pid}.tmp`);
  mkdirSync(temporary);
  try {
    say(`fetching TensorFlow ${TENSORFLOW_VERSION} from PyPI (${WHEEL_MEGABYTES} MB, once per user)`);
    const wheel = await downloadWheel(temporary);
    await checkWheel(wheel);
    say('unpacking its libraries (680 MB)');
    const unpacked = join(temporary, 'unpacked');
    await run('python3', ['-c', UNPACK, wheel, unpacked], {
      ...PYTHON,
      failed: `The wheel could not be unpacked in ${cache}.`,
    });
    renameSync(unpacked, target);
  } finally {
    rmSync(temporary, { recursive: true, force: true, maxRetries: 3 });
  }
}
