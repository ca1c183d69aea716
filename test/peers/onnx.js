/** What Python's onnxruntime says of the golden inputs of an export: the logits of our own engine. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SetupError, say } from '../../setup/say.js';
import { askPython } from '../python-environment.js';
import { dupn, makeTinyWorld } from '../tiny-world.js';

const TOLERANCE = 1e-5;

/** @throws SetupError when a logit differs by more than the tolerance */
export async function checkOnnx(interpreter) {
  const folder = await makeTinyWorld(60);
  try {
    const config = ['-c', join(folder, 'base.yaml')];
    const out = join(folder, 'onnx');
    for (const command of ['preprocess', 'train']) await dupn(command, ...config);
    await dupn('export', ...config, '--format', 'onnx', '--out', out);
    const script = fileURLToPath(new URL('onnx_runtime.py', import.meta.url));
    const answers = askPython(interpreter, script, { folder: out });
    const golden = JSON.parse(readFileSync(join(out, 'golden.json'), 'utf8'));
    let largest = 0;
    for (const [task, { logits }] of Object.entries(golden)) {
      for (const [at, logit] of logits.entries()) {
        const difference = Math.abs(answers[task][at] - logit);
        if (!(difference <= TOLERANCE)) {
          throw new SetupError(
            `onnxruntime says ${answers[task][at]} of golden logit ${at} of ${task}, dupn ${logit}`,
          );
        }
        largest = Math.max(largest, difference);
      }
    }
    const count = Object.values(golden).flatMap(({ logits }) => logits).length;
    say(
      `onnxruntime: ${count} golden logits of an export, the largest difference is ${largest.toExponential(1)}`,
    );
  } finally {
    rmSync(folder, { recursive: true, maxRetries: 3 });
  }
}
