/**
 * The part of TensorFlow's C API that reaches other machines: a second eager context beside that of tfjs-node, in the same
 * libtensorflow. What it computes with comes and goes as typed arrays.
 */
import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import koffi, { type KoffiFunc } from 'koffi';
import { endBy } from '../common/end-at-once.js';
import { messageOf, UserError } from '../common/errors.js';
import { loadTensorflow } from '../engine/load.js';
import { type ConfigProto, encodeConfig, encodeServer, type ServerDef } from './messages.js';

type NativeFunction = KoffiFunc<(...inputs: readonly unknown[]) => unknown>;

/** A native pointer. */
type Pointer = unknown;

const P = 'void *';

/** Name -> [result, arguments]; the last argument of most is a TF_Status. */
const SIGNATURES = {
  TF_NewStatus: [P, []],
  TF_DeleteStatus: ['void', [P]],
  TF_GetCode: ['int', [P]],
  TF_Message: ['const char *', [P]],
  TF_AllocateTensor: [P, ['int', 'int64_t *', 'int', 'size_t']],
  TF_DeleteTensor: ['void', [P]],
  TF_TensorData: [P, [P]],
  TF_TensorByteSize: ['size_t', [P]],
  TF_TensorType: ['int', [P]],
  TFE_NewContextOptions: [P, []],
  TFE_DeleteContextOptions: ['void', [P]],
  TFE_ContextOptionsSetConfig: ['void', [P, P, 'size_t', P]],
  TFE_NewContext: [P, [P, P]],
  TFE_EnableCollectiveOps: ['void', [P, P, 'size_t', P]],
  TF_NewServer: [P, [P, 'size_t', P]],
  TF_ServerStart: ['void', [P, P]],
  TFE_CollectiveOpsCheckPeerHealth: ['void', [P, 'const char *', 'int64_t', P]],
  TFE_NewTensorHandle: [P, [P, P]],
  TFE_DeleteTensorHandle: ['void', [P]],
  TFE_TensorHandleResolve: [P, [P, P]],
  TFE_NewOp: [P, [P, 'const char *', P]],
  TFE_DeleteOp: ['void', [P]],
  TFE_OpSetDevice: ['void', [P, 'const char *', P]],
  TFE_OpAddInput: ['void', [P, P, P]],
  TFE_OpSetAttrString: ['void', [P, 'const char *', 'const char *', 'size_t']],
  TFE_OpSetAttrInt: ['void', [P, 'const char *', 'int64_t']],
  TFE_OpSetAttrFloat: ['void', [P, 'const char *', 'float']],
  TFE_OpSetAttrBool: ['void', [P, 'const char *', 'uint8_t']],
  TFE_OpSetAttrType: ['void', [P, 'const char *', 'int']],
  TFE_OpSetAttrShape: ['void', [P, 'const char *', 'int64_t *', 'int', P]],
} as const satisfies Readonly<Record<string, readonly [string, readonly string[]]>>;

type Name = keyof typeof SIGNATURES;
type Api = Readonly<Record<Name, NativeFunction>> & {
  readonly execute: NativeFunction;
  readonly connect: NativeFunction;
};

let bound: Api | undefined;

function api(): Api {
  bound ??= bind();
  return bound;
}

/** @throws UserError when TensorFlow's library is not where setup puts it */
function bind(): Api {
  // The library has to be the one that tfjs-node works with.
  loadTensorflow();
  const path = join(
    dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-node/package.json')),
    'deps/lib/libtensorflow.so',
  );
  try {
    const library = koffi.load(realpathSync(path));
    const functions: Readonly<Record<string, NativeFunction>> = Object.fromEntries(
      Object.entries(SIGNATURES).map(([name, [result, inputs]]) => [
        name,
        library.func(name, result, [...inputs]),
      ]),
    );
    const execute = library.func('TFE_Execute', 'void', [
      P,
      koffi.out(koffi.pointer(P)),
      koffi.inout(koffi.pointer('int')),
      P,
    ]);
    // Its status is not its last argument.
    const connect = library.func('TFE_ContextSetServerDefWithTimeoutAndRetries', 'void', [
      ...[P, 'int', P, 'size_t', 'int64_t', 'int', P, 'bool'],
    ]);
    // Node waits for calls under way even in process.exit, and one to a machine that is frozen never returns.
    endBy(library.func('_exit', 'void', ['int']));
    return { ...functions, execute, connect } as Api;
  } catch (cause) {
    throw new UserError(
      `Cannot train on several machines: required ${path}, got: ${messageOf(cause)}; run \`npm run setup\` in the folder of dupn`,
      { cause },
    );
  }
}

/** What TensorFlow says of a call that has failed. */
export class TensorflowError extends Error {
  override readonly name = 'TensorflowError';

  /** `code` is a TF_Code: 4 is a deadline that has passed, 14 a machine that cannot be reached. */
  constructor(
    readonly code: number,
    call: string,
    message: string,
  ) {
    super(`${call}: ${message}`);
  }
}

/** @throws TensorflowError */
function check(status: Pointer, call: string): void {
  const code = api().TF_GetCode(status) as number;
  const message = code === 0 ? '' : (api().TF_Message(status) as string);
  api().TF_DeleteStatus(status);
  if (code !== 0) throw new TensorflowError(code, call, message);
}

/** Calls a function whose last argument is a status. */
function call(name: Name, ...inputs: readonly unknown[]): unknown {
  const status = api().TF_NewStatus();
  const result = api()[name](...inputs, status);
  check(status, name);
  return result;
}

/** The same on a thread of its own. */
async function callAside(name: Name, ...inputs: readonly unknown[]): Promise<unknown> {
  const status = api().TF_NewStatus();
  const result = await aside(api()[name], ...inputs, status);
  check(status, name);
  return result;
}

const aside = (f: NativeFunction, ...inputs: readonly unknown[]): Promise<unknown> =>
  new Promise((resolve, reject) => {
    f.async(...inputs, (error: unknown, result: unknown) => (error ? reject(error) : resolve(result)));
  });

/** Starts a server of this process, which ends with it. @throws UserError when the port is taken */
export function startServer(server: ServerDef): void {
  const bytes = encodeServer(server);
  try {
    call('TF_ServerStart', call('TF_NewServer', bytes, bytes.length));
  } catch (error) {
    throw notServing(server, error);
  }
}

/** TensorFlow names the port, and that it is taken, on stderr alone. */
function notServing({ cluster, jobName, taskIndex }: ServerDef, cause: unknown): unknown {
  if (!(cause instanceof TensorflowError && cause.message.includes('Could not start gRPC server')))
    return cause;
  const address = cluster.job.find(({ name }) => name === jobName)!.tasks[taskIndex];
  return new UserError(
    `Cannot train with others at ${address}: expected a port that nobody listens on, which this process may open; ` +
      'does another training use it? (TF_CONFIG names the ports)',
    { cause },
  );
}

/** Element types by TF_DataType. */
const ARRAYS = { 1: Float32Array, 2: Float64Array, 3: Int32Array, 10: Uint8Array } as const;
export type Elements = Float32Array | Float64Array | Int32Array;

export const dataTypeOf = (values: Elements): 1 | 2 | 3 =>
  values instanceof Float32Array ? 1 : values instanceof Float64Array ? 2 : 3;

/** A tensor of the context; the caller frees it. */
export interface Handle {
  readonly pointer: Pointer;
  dispose(): void;
}

const handleOf = (pointer: Pointer): Handle => ({
  pointer,
  dispose: () => void api().TFE_DeleteTensorHandle(pointer),
});

/** Copies the values. */
export function tensor(values: Elements, shape: readonly number[] = [values.length]): Handle {
  const { byteLength } = values;
  const dimensions = shape.length > 0 ? [...shape] : null;
  const raw = api().TF_AllocateTensor(dataTypeOf(values), dimensions, shape.length, byteLength);
  if (byteLength > 0) {
    const target = new Uint8Array(koffi.view(api().TF_TensorData(raw), byteLength));
    target.set(new Uint8Array(values.buffer, values.byteOffset, byteLength));
  }
  try {
    return handleOf(call('TFE_NewTensorHandle', raw));
  } finally {
    api().TF_DeleteTensor(raw);
  }
}

/** A copy of its values, in a row (truths as bytes); waits for them on a thread of its own. */
export async function valuesOf({ pointer }: Handle): Promise<Elements | Uint8Array> {
  const raw = await callAside('TFE_TensorHandleResolve', pointer);
  try {
    const bytes = Number(api().TF_TensorByteSize(raw));
    const type = ARRAYS[api().TF_TensorType(raw) as keyof typeof ARRAYS];
    const values = new type(bytes / type.BYTES_PER_ELEMENT);
    if (bytes > 0) {
      new Uint8Array(values.buffer).set(new Uint8Array(koffi.view(api().TF_TensorData(raw), bytes)));
    }
    return values;
  } finally {
    api().TF_DeleteTensor(raw);
  }
}

/** Sets an attribute of an op. */
export type Attribute = (op: unknown, name: string) => void;

export const attributes = {
  int:
    (value: number): Attribute =>
    (op, name) =>
      void api().TFE_OpSetAttrInt(op, name, value),
  float:
    (value: number): Attribute =>
    (op, name) =>
      void api().TFE_OpSetAttrFloat(op, name, value),
  bool:
    (value: boolean): Attribute =>
    (op, name) =>
      void api().TFE_OpSetAttrBool(op, name, value ? 1 : 0),
  type:
    (value: number): Attribute =>
    (op, name) =>
      void api().TFE_OpSetAttrType(op, name, value),
  text:
    (value: string): Attribute =>
    (op, name) =>
      void api().TFE_OpSetAttrString(op, name, value, Buffer.byteLength(value)),
  shape:
    (value: readonly number[]): Attribute =>
    (op, name) =>
      void call('TFE_OpSetAttrShape', op, name, [...value], value.length),
};

/** How long a server keeps what it knows of a client that is silent. */
const KEEP_ALIVE_SECONDS = 600;

/** An eager context. It ends with the process: after an error of the network nothing can be done with it. */
export class Context {
  readonly #pointer: Pointer;

  constructor(config: ConfigProto) {
    const options = api().TFE_NewContextOptions();
    try {
      const bytes = encodeConfig(config);
      call('TFE_ContextOptionsSetConfig', options, bytes, bytes.length);
      this.#pointer = call('TFE_NewContext', options);
    } finally {
      api().TFE_DeleteContextOptions(options);
    }
  }

  /** Starts the server of this process, and its collective ops. @throws UserError when the port is taken, TensorflowError */
  async enableCollectives(server: ServerDef): Promise<void> {
    const bytes = encodeServer(server);
    await callAside('TFE_EnableCollectiveOps', this.#pointer, bytes, bytes.length).catch((error) => {
      throw notServing(server, error);
    });
  }

  /** Reaches the other tasks of the cluster: ops may run on their devices. @throws TensorflowError when one cannot be reached in time */
  async connect(cluster: ServerDef, timeoutMs: number): Promise<void> {
    const bytes = encodeServer(cluster);
    const status = api().TF_NewStatus();
    await aside(
      api().connect,
      this.#pointer,
      KEEP_ALIVE_SECONDS,
      bytes,
      bytes.length,
      timeoutMs,
      0,
      status,
      false,
    );
    check(status, 'TFE_ContextSetServerDefWithTimeoutAndRetries');
  }

  /** @throws TensorflowError when the task does not answer in time */
  async checkPeer(task: string, timeoutMs: number): Promise<void> {
    await callAside('TFE_CollectiveOpsCheckPeerHealth', this.#pointer, task, timeoutMs);
  }

  /** Runs an op of one output on a thread of its own; on another task where a device is given. @throws TensorflowError */
  async run(
    name: string,
    inputs: readonly Handle[],
    attributes: Readonly<Record<string, Attribute>>,
    device?: string,
  ): Promise<Handle> {
    const [output] = await this.#execute(name, inputs, attributes, device, 1);
    return output!;
  }

  /** The same of an op without an output. */
  async runOnly(
    name: string,
    inputs: readonly Handle[],
    attributes: Readonly<Record<string, Attribute>>,
    device?: string,
  ): Promise<void> {
    await this.#execute(name, inputs, attributes, device, 0);
  }

  async #execute(
    name: string,
    inputs: readonly Handle[],
    attributes: Readonly<Record<string, Attribute>>,
    device: string | undefined,
    outputCount: number,
  ): Promise<Handle[]> {
    const op = call('TFE_NewOp', this.#pointer, name);
    try {
      if (device) call('TFE_OpSetDevice', op, device);
      for (const { pointer } of inputs) call('TFE_OpAddInput', op, pointer);
      for (const [key, set] of Object.entries(attributes)) set(op, key);
      const outputs: Pointer[] = [null];
      const status = api().TF_NewStatus();
      await aside(api().execute, op, outputs, [outputCount], status);
      check(status, name);
      return outputs.slice(0, outputCount).map(handleOf);
    } finally {
      api().TFE_DeleteOp(op);
    }
  }
}
