/**
 * Parameter servers (Li et al., OSDI 2014) of TensorFlow's own runtime, as a process that trains sees them: they hold the rows of embedding
 * tables and their Adagrad slots. Row r of a table is on server r mod n, as its row floor(r / n).
 */
import { setTimeout as pause } from 'node:timers/promises';
import { LostCluster } from '../common/lost-cluster.js';
import { chunksOf } from '../engine/resource-variable.js';
import { type RowPart, rowsOfPart } from '../engine/row-part.js';
import { accepts, freePorts, hostOf } from './address.js';
import type { Cluster, Member } from './cluster.js';
import type { Patience } from './collectives.js';
import { Costs } from './costs.js';
import type { ServerDef } from './messages.js';
import {
  type Attribute,
  attributes,
  Context,
  type Handle,
  TensorflowError,
  tensor,
  valuesOf,
} from './tensorflow-api.js';

const FLOAT = attributes.type(1);
const INT32 = attributes.type(3);

/** A server crashes when its very first clients come at the same moment, so that its own client has to be there before. */
const SETTLE_MS = 2000;
const RETRY_MS = 200;
const CONNECT_MS = 60_000;

/** Says that the chief lives, by moving; a negative number that the training is over. */
const BEAT = 'dupn/beat';
export const OVER = -1;

const SERVER_OPTIONS = { experimental: { disableEagerExecutorStreamingEnqueue: true } };

const deviceOf = (server: number) => `/job:ps/replica:0/task:${server}/device:CPU:0`;

const clientDef = (
  job: string,
  task: number,
  address: string,
  servers: Readonly<Record<number, string>>,
): ServerDef => ({
  cluster: {
    job: [
      { name: job, tasks: { [task]: address } },
      { name: 'ps', tasks: servers },
    ],
  },
  jobName: job,
  taskIndex: task,
});

/** The part of a table, or of its slots, that one server holds. */
export interface ServerRows {
  readonly whole: readonly number[];
  readonly part: RowPart;
  /** Of what is there. */
  readonly shape: readonly number[];
  chunks(): Iterable<readonly [number, number]>;
  readRows(start: number, end: number): Promise<Float32Array>;
  writeRows(start: number, values: Float32Array): Promise<void>;
}

export interface AdamOptions {
  readonly rate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Counts from 1. */
  readonly step: number;
}

/** Variables on servers. A call that fails, or takes too long, ends the training. */
export class Servers {
  readonly #handles = new Map<string, Promise<Handle>>();
  /** Of what a step asks of them, counted by who asks. */
  readonly costs = new Costs();

  private constructor(
    readonly members: readonly Member[],
    private readonly context: Context,
    private readonly timeoutSeconds: number,
    private readonly frozen: (error: LostCluster) => void,
  ) {}

  /**
   * Waits until all are there. `frozen` is told of a call that takes too long: it may never return, and holds one of the few threads by
   * which Node reads and writes files too.
   * @throws LostCluster when some do not come
   */
  static async connect(
    { members, servers, rank }: Cluster,
    patience: Patience,
    frozen: (error: LostCluster) => void,
  ): Promise<Servers> {
    const endMs = performance.now() + 1000 * patience.startSeconds;
    for (const { name, address } of servers) {
      while (!(await accepts(address))) {
        if (performance.now() > endMs) throw lost(`${name} (${address}) cannot be reached`);
        await pause(RETRY_MS);
      }
    }
    if (rank === 0) await pause(SETTLE_MS);
    const [port] = await freePorts(1);
    const tasks = Object.fromEntries(servers.map(({ address }, index) => [index, address]));
    const definition = clientDef('trainer', rank, `${hostOf(members[rank]!.address)}:${port}`, tasks);
    const connected = new Servers(servers, new Context(SERVER_OPTIONS), patience.timeoutSeconds, frozen);
    await connected.#within(null, () => connected.context.connect(definition, CONNECT_MS));
    return connected;
  }

  /** The client that a server has of itself, alone. */
  static async ofServer(server: Member, index: number, patience: Patience): Promise<Servers> {
    const [port] = await freePorts(1);
    const definition = clientDef('pin', 0, `${hostOf(server.address)}:${port}`, { [index]: server.address });
    const members: Member[] = [];
    members[index] = server;
    const connected = new Servers(members, new Context(SERVER_OPTIONS), patience.timeoutSeconds, () => {});
    await connected.#within(index, () => connected.context.connect(definition, CONNECT_MS));
    return connected;
  }

  /** A variable of [rows, width], all of one value, with a part on each server; its name is of no other. */
  async create(name: string, whole: readonly [number, number], value: number): Promise<void> {
    await Promise.all(
      this.members.map((_, server) =>
        this.#within(server, async () => {
          const shape = [rowsOfPart(whole[0], this.#part(server)), whole[1]];
          const variable = await this.#handle(server, name, shape);
          const own = [tensor(Int32Array.from(shape)), tensor(Float32Array.of(value), [])];
          const device = deviceOf(server);
          const filled = await this.context.run('Fill', own, { T: FLOAT, index_type: INT32 }, device);
          await this.context.runOnly('AssignVariableOp', [variable, filled], { dtype: FLOAT }, device);
          for (const handle of [...own, filled]) handle.dispose();
        }),
      ),
    );
  }

  /** The parts of a variable. */
  parts(name: string, whole: readonly [number, number]): ServerRows[] {
    return this.members.map((_, server) => {
      const part = this.#part(server);
      const shape = [rowsOfPart(whole[0], part), whole[1]];
      const range = (start: number, end: number) =>
        Int32Array.from({ length: end - start }, (_, at) => start + at);
      return {
        ...{ whole, part, shape },
        chunks: () => chunksOf(shape),
        readRows: (start, end) => this.gather(server, name, range(start, end)),
        writeRows: (start, values) =>
          this.#scatter(server, name, range(start, start + values.length / whole[1]), values),
      };
    });
  }

  /** Rows of the part of one server, by their places there, one after the other. */
  gather(server: number, name: string, rows: Int32Array): Promise<Float32Array> {
    return this.#within(server, async () => {
      const variable = await this.#handle(server, name);
      const indices = tensor(rows);
      const result = await this.context.run(
        'ResourceGather',
        [variable, indices],
        {
          batch_dims: attributes.int(0),
          validate_indices: attributes.bool(true),
          dtype: FLOAT,
          Tindices: INT32,
        },
        deviceOf(server),
      );
      const values = await valuesOf(result);
      for (const handle of [indices, result]) handle.dispose();
      return values as Float32Array;
    });
  }

  /** One update of rows by Adagrad (`ResourceSparseApplyAdagradV2`), which others may make at the same time. */
  async applyAdagrad(
    server: number,
    names: { readonly table: string; readonly accumulator: string },
    { rate, epsilon }: { readonly rate: number; readonly epsilon: number },
    rows: Int32Array,
    gradient: Float32Array,
  ): Promise<void> {
    await this.#within(server, async () => {
      const variables = [
        await this.#handle(server, names.table),
        await this.#handle(server, names.accumulator),
      ];
      const own = [
        tensor(Float32Array.of(rate), []),
        tensor(Float32Array.of(epsilon), []),
        tensor(gradient, [rows.length, gradient.length / rows.length]),
        tensor(rows),
      ];
      await this.context.runOnly(
        'ResourceSparseApplyAdagradV2',
        [...variables, ...own],
        {
          T: FLOAT,
          Tindices: INT32,
          use_locking: attributes.bool(true),
          update_slots: attributes.bool(true),
        },
        deviceOf(server),
      );
      for (const handle of own) handle.dispose();
    });
  }

  /** The numbers of a row that lies on one server. */
  read(server: number, name: string): Promise<Float32Array> {
    return this.#within(server, async () => {
      const variable = await this.#handle(server, name, [-1]);
      const value = await this.context.run('ReadVariableOp', [variable], { dtype: FLOAT }, deviceOf(server));
      const values = await valuesOf(value);
      value.dispose();
      return values as Float32Array;
    });
  }

  /** Makes it, or overwrites it. */
  async write(server: number, name: string, values: Float32Array): Promise<void> {
    await this.#within(server, async () => {
      const variable = await this.#handle(server, name, [-1]);
      const own = tensor(values);
      await this.context.runOnly('AssignVariableOp', [variable, own], { dtype: FLOAT }, deviceOf(server));
      own.dispose();
    });
  }

  /** One update of such a row, and of its slots `<name>/m` and `<name>/v`, by Adam (`ResourceApplyAdam`). */
  async applyAdam(
    server: number,
    name: string,
    { rate, beta1, beta2, epsilon, step }: AdamOptions,
    gradient: Float32Array,
  ): Promise<void> {
    await this.#within(server, async () => {
      const variables = await Promise.all(
        [name, `${name}/m`, `${name}/v`].map((variable) => this.#handle(server, variable, [-1])),
      );
      const numbers = [beta1 ** step, beta2 ** step, rate, beta1, beta2, epsilon];
      const own = [...numbers.map((number) => tensor(Float32Array.of(number), [])), tensor(gradient)];
      await this.context.runOnly(
        'ResourceApplyAdam',
        [...variables, ...own],
        { T: FLOAT, use_locking: attributes.bool(true), use_nesterov: attributes.bool(false) },
        deviceOf(server),
      );
      for (const handle of own) handle.dispose();
    });
  }

  /** Tells all that the chief lives, or that the training is over. */
  async beat(count: number): Promise<void> {
    await Promise.all(this.members.map((_, server) => this.write(server, BEAT, Float32Array.of(count))));
  }

  /** What the chief has told a server last; null before it has. */
  async heard(server: number): Promise<number | null> {
    const there = await this.#within(server, async () => {
      const variable = await this.#handle(server, BEAT, [-1]);
      const isThere = await this.context.run('VarIsInitializedOp', [variable], {}, deviceOf(server));
      const [truth] = await valuesOf(isThere);
      isThere.dispose();
      return truth;
    });
    return there ? (await this.read(server, BEAT))[0]! : null;
  }

  #part(server: number): RowPart {
    return { index: server, of: this.members.length };
  }

  async #scatter(server: number, name: string, rows: Int32Array, values: Float32Array): Promise<void> {
    await this.#within(server, async () => {
      const own = [tensor(rows), tensor(values, [rows.length, values.length / rows.length])];
      const inputs = [await this.#handle(server, name), ...own];
      await this.context.runOnly(
        'ResourceScatterUpdate',
        inputs,
        { dtype: FLOAT, Tindices: INT32 },
        deviceOf(server),
      );
      for (const handle of own) handle.dispose();
    });
  }

  /** Of a variable that is found by its name, whoever made it; -1 is any size. */
  #handle(server: number, name: string, shape: readonly number[] = [-1, -1]): Promise<Handle> {
    const key = `${server} ${name}`;
    const known = this.#handles.get(key);
    if (known) return known;
    const options: Readonly<Record<string, Attribute>> = {
      container: attributes.text(''),
      shared_name: attributes.text(name),
      dtype: FLOAT,
      shape: attributes.shape(shape),
    };
    const made = this.context.run('VarHandleOp', [], options, deviceOf(server));
    this.#handles.set(key, made);
    return made;
  }

  /** @throws LostCluster when the call fails, or takes too long: a frozen server never answers */
  async #within<T>(server: number | null, work: () => Promise<T>): Promise<T> {
    const waiting = new AbortController();
    const { signal } = waiting;
    const seconds = this.timeoutSeconds;
    const late = pause(1000 * seconds, undefined, { signal }).then(
      () => {
        const error = lost(`${this.#nameOf(server)} does not answer (within ${seconds} s)`);
        this.frozen(error);
        throw error;
      },
      () => new Promise<never>(() => {}),
    );
    try {
      return await Promise.race([work(), late]);
    } catch (error) {
      if (!(error instanceof TensorflowError)) throw error;
      throw lost(`${this.#nameOf(server)} cannot be reached (${error.message.split('\n')[0]})`);
    } finally {
      waiting.abort();
    }
  }

  #nameOf(server: number | null): string {
    if (server === null) return 'one of the servers';
    const { name, address } = this.members[server]!;
    return `${name} (${address})`;
  }
}

const lost = (problem: string) =>
  new LostCluster(
    `Cannot go on training: ${problem}\n` +
      '  start all processes again with --resume: training goes on from the last checkpoint of the run',
  );
