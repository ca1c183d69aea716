/**
 * Which code runs the recurrence and the attention: our own kernels (native/), which setup compiles, or TensorFlow's ops
 * where these are not there. DUPN_KERNELS says otherwise: `block` for TensorFlow's ops, `avx2` or `avx512` for the
 * kernels of that instruction set.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { messageOf, UserError } from '../common/errors.js';
import { loadTensorflow } from './load.js';

const INSTRUCTION_SETS = ['avx512', 'avx2'] as const;
export type InstructionSet = (typeof INSTRUCTION_SETS)[number];

/** Our own for an instruction set, or TensorFlow's and why. */
export type Kernels =
  | { readonly kind: 'native'; readonly instructions: InstructionSet }
  | { readonly kind: 'block'; readonly reason: string };

/** What native/addon.cc exports. */
interface Library {
  readonly supported: readonly InstructionSet[];
  register(instructions: InstructionSet): void;
}

const FILE = fileURLToPath(new URL('../../build/kernels.node', import.meta.url));

let chosen: Kernels | undefined;

/**
 * Chooses at the first call, and makes our kernels known to TensorFlow where they run.
 * @throws UserError when DUPN_KERNELS asks for what is not here
 */
export function kernels(): Kernels {
  chosen ??= choose(process.env.DUPN_KERNELS || 'auto');
  return chosen;
}

export const runsNative = (): boolean => kernels().kind === 'native';

function choose(asked: string): Kernels {
  const wanted = INSTRUCTION_SETS.find((name) => name === asked);
  if (!(wanted || asked === 'auto' || asked === 'block')) {
    throw new UserError(
      `Cannot choose the kernels: DUPN_KERNELS must be auto, block, avx2 or avx512, got ${JSON.stringify(asked)}`,
    );
  }
  if (asked === 'block') return { kind: 'block', reason: 'DUPN_KERNELS is block' };
  const found = load(wanted);
  if (found.kind === 'block' && wanted) {
    throw new UserError(`Cannot run the kernels for ${wanted} that DUPN_KERNELS asks for: ${found.reason}`);
  }
  return found;
}

function load(wanted: InstructionSet | undefined): Kernels {
  if (!existsSync(FILE)) {
    return { kind: 'block', reason: 'setup has compiled no kernels here; `npm run setup` says why' };
  }
  loadTensorflow();
  try {
    const library = createRequire(import.meta.url)(FILE) as Library;
    const instructions = wanted ?? library.supported[0];
    if (!instructions) return { kind: 'block', reason: 'the CPU has no AVX2' };
    library.register(instructions);
    return { kind: 'native', instructions };
  } catch (error) {
    return { kind: 'block', reason: messageOf(error).split('\n')[0]! };
  }
}
