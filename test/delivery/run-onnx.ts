/** Runs the golden inputs of an ONNX export with onnxruntime-node. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ort from 'onnxruntime-node';
import { type OnnxGolden, type OnnxHead, onnxPaths } from '../../src/delivery/onnx/write-onnx.js';

export interface OnnxAnswer {
  readonly logits: readonly number[];
  readonly probability: readonly number[];
}

type Stored = OnnxGolden['encoder'][string];

const tensorOf = ({ element, dims, values }: Stored) =>
  element === 'float'
    ? new ort.Tensor('float32', Float32Array.from(values), dims)
    : new ort.Tensor('int64', BigInt64Array.from(values, BigInt), dims);

/** Task -> what its head says of its golden samples. */
export async function runGolden(folder: string): Promise<Record<string, OnnxAnswer>> {
  const read = async <T>(path: string) => JSON.parse(await readFile(join(folder, path), 'utf8')) as T;
  const { tasks } = await read<OnnxHead>(onnxPaths.head);
  const golden = await read<Record<string, OnnxGolden>>(onnxPaths.golden);
  const encoder = await ort.InferenceSession.create(join(folder, onnxPaths.encoder));
  const answers: Record<string, OnnxAnswer> = {};
  for (const [task, { encoder: encoderInputs, head: headInputs }] of Object.entries(golden)) {
    const feeds = (inputs: Readonly<Record<string, Stored>>) =>
      Object.fromEntries(Object.entries(inputs).map(([name, stored]) => [name, tensorOf(stored)]));
    const encoded = await encoder.run(feeds(encoderInputs));
    const head = await ort.InferenceSession.create(join(folder, tasks[task]!.file));
    const given = Object.fromEntries(
      head.inputNames.flatMap((name) => (encoded[name] ? [[name, encoded[name]]] : [])),
    );
    const { logits, probability } = await head.run({ ...feeds(headInputs), ...given });
    answers[task] = {
      logits: [...(logits!.data as Float32Array)],
      probability: [...(probability!.data as Float32Array)],
    };
  }
  return answers;
}
