/** Writes a model as ONNX graphs: the user encoder, the head of each task, their weights in one file, and golden inputs. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileSha256, replaceFolder, writeFileAtomic, writeJson } from '../../common/files.js';
import { encodedAsk } from '../ask.js';
import { buildBatch } from '../build-batch.js';
import type { BundleOrigin } from '../bundle-format.js';
import { checkGolden, type GoldenCheck, type GoldenRequest, scoreBy } from '../golden.js';
import type { OpenModel } from '../open-model.js';
import { requireReplaceable } from '../write-bundle.js';
import { encoderGraph } from './encoder-graph.js';
import { encoderFeeds, type Feed, headFeeds } from './feeds.js';
import type { Graph, ValueInfo } from './graph.js';
import { headGraph } from './head-graph.js';
import { writeWeights } from './weights-file.js';

/** Bumped whenever a reader of the old layout would misread the new one. */
const ONNX_FORMAT = 1;

/** Paths inside the folder. */
export const onnxPaths = {
  head: 'onnx.json',
  encoder: 'encoder.onnx',
  task: (task: string) => `task-${task}.onnx`,
  weights: 'weights.bin',
  golden: 'golden.json',
} as const;

interface DescribedGraph {
  readonly file: string;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
}

/** onnx.json */
export interface OnnxHead {
  readonly format: number;
  readonly name: string;
  readonly origin: BundleOrigin;
  readonly encoder: DescribedGraph;
  readonly tasks: Readonly<Record<string, DescribedGraph>>;
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

interface StoredFeed {
  readonly element: Feed['element'];
  readonly dims: readonly number[];
  readonly values: readonly number[];
}

/** Of each task in golden.json: inputs of the encoder, those of the head that it does not give, and what comes out. */
export interface OnnxGolden {
  readonly encoder: Readonly<Record<string, StoredFeed>>;
  readonly head: Readonly<Record<string, StoredFeed>>;
  readonly logits: readonly number[];
}

export interface WriteOnnxInput {
  readonly model: OpenModel;
  readonly golden: readonly GoldenRequest[];
  readonly origin: BundleOrigin;
  readonly folder: string;
  /** Whether an export that is there may go. */
  readonly force: boolean;
}

export interface WrittenOnnx {
  readonly folder: string;
  readonly bytes: number;
  readonly golden: GoldenCheck;
}

/** @throws UserError when something is there already */
export async function writeOnnx({
  model,
  golden,
  origin,
  folder,
  force,
}: WriteOnnxInput): Promise<WrittenOnnx> {
  await requireReplaceable(folder, onnxPaths.head, force);
  const check = await checkGolden(model, golden, origin.run, scoreBy(model));
  const { weights, config } = model;
  const { shape } = weights;
  let bytes = 0;
  await replaceFolder(folder, async (temporary) => {
    const stored = await writeWeights(join(temporary, onnxPaths.weights), weights);
    const write = async (file: string, graph: Graph): Promise<DescribedGraph> => {
      await writeFileAtomic(join(temporary, file), graph.encode(onnxPaths.weights));
      return { file, inputs: graph.inputs, outputs: graph.outputs };
    };
    const encoder = await write(onnxPaths.encoder, encoderGraph(shape, stored));
    const tasks: Record<string, DescribedGraph> = {};
    const examples: Record<string, OnnxGolden> = {};
    for (const task of Object.keys(shape.tasks)) {
      tasks[task] = await write(onnxPaths.task(task), headGraph(shape, task, stored));
      examples[task] = goldenOf(model, golden, task, encoder, tasks[task]);
    }
    await writeJson(join(temporary, onnxPaths.golden), examples);
    const files: Record<string, { bytes: number; sha256: string }> = {};
    const written = [
      onnxPaths.weights,
      onnxPaths.golden,
      encoder.file,
      ...Object.values(tasks).map(({ file }) => file),
    ];
    for (const file of written) {
      const path = join(temporary, file);
      files[file] = { bytes: (await stat(path)).size, sha256: await fileSha256(path) };
      bytes += files[file].bytes;
    }
    const head: OnnxHead = { format: ONNX_FORMAT, name: config.name, origin, encoder, tasks, files };
    await writeJson(join(temporary, onnxPaths.head), head);
  });
  return { folder, bytes, golden: check };
}

/** The golden requests of a task as one batch. */
function goldenOf(
  { weights, encoder }: OpenModel,
  golden: readonly GoldenRequest[],
  task: string,
  ...[encoderGraph, headGraph]: readonly [DescribedGraph, DescribedGraph]
): OnnxGolden {
  const asking = golden.filter(({ tasks }) => tasks[task]);
  const asked = asking.map(({ request, tasks }) => encodedAsk(encoder, task, request, tasks[task]!));
  const batch = buildBatch(weights.shape, asked);
  const stored = (feeds: Readonly<Record<string, Feed>>, { inputs }: DescribedGraph) =>
    Object.fromEntries(
      inputs
        .filter(({ name }) => feeds[name])
        .map(({ name }) => {
          const { element, dims, values } = feeds[name]!;
          return [name, { element, dims, values: [...values] }];
        }),
    );
  const ofEncoder = encoderFeeds(weights.shape, batch);
  return {
    encoder: stored(ofEncoder, encoderGraph),
    // A head that asks with the candidate reads the lengths too.
    head: stored({ lengths: ofEncoder.lengths!, ...headFeeds(weights.shape, task, batch) }, headGraph),
    logits: asking.flatMap(({ tasks }) => tasks[task]!.flatMap(({ logits }) => logits)),
  };
}
