/**
 * Collective operations of processes that take the same steps (MPI's names), by TensorFlow's own: one after the other, in the same
 * order everywhere. Each is called by all; arrays have the same length on all.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { LostCluster } from '../common/lost-cluster.js';
import { accepts } from './address.js';
import { type Cluster, describeMember } from './cluster.js';
import { Costs } from './costs.js';
import { paddedLength } from './padded-length.js';
import {
  type Attribute,
  attributes,
  Context,
  dataTypeOf,
  type Elements,
  type Handle,
  TensorflowError,
  tensor,
  valuesOf,
} from './tensorflow-api.js';

export interface Patience {
  /** For the others to come, at the start. */
  readonly startSeconds: number;
  /** For the answer of one that has come. */
  readonly timeoutSeconds: number;
}

/** One job for all, whatever their roles: its tasks are the ranks. */
const taskName = (rank: number) => `/job:worker/replica:0/task:${rank}`;

const GROUP = 1;

/** TF_Code. */
const DEADLINE_EXCEEDED = 4;

/** Time that the others have to find out who is lost, before this process ends too. */
const FAREWELL_MS = 1500;
const PROBE_MS = 2000;

/** While one works and the others wait, all hear of each other so often. */
const PULSE_MS = 250;

export class Collectives {
  readonly rank: number;
  readonly size: number;
  readonly #context: Context;
  /** Ranks in the order in which TensorFlow lines up the members: by name, task 10 before task 2. */
  readonly #order: readonly number[];
  readonly #instances = new Map<string, number>();
  #seconds: number;
  #last: Promise<unknown> = Promise.resolve();
  readonly costs = new Costs();

  private constructor(
    private readonly cluster: Cluster,
    private readonly patience: Patience,
  ) {
    this.rank = cluster.rank;
    this.size = cluster.members.length;
    this.#seconds = patience.startSeconds;
    this.#order = cluster.members.map((_, rank) => rank).sort((a, b) => (taskName(a) < taskName(b) ? -1 : 1));
    this.#context = new Context({ experimental: { collectiveGroupLeader: taskName(0) } });
  }

  /** Waits until all are there. @throws LostCluster when some do not come */
  static async join(cluster: Cluster, patience: Patience): Promise<Collectives> {
    const joined = new Collectives(cluster, patience);
    const tasks = Object.fromEntries(cluster.members.map(({ address }, rank) => [rank, address]));
    const experimental = { collectiveGroupLeader: taskName(0) };
    await joined.#attempt(() =>
      joined.#context.enableCollectives({
        cluster: { job: [{ name: 'worker', tasks }] },
        jobName: 'worker',
        taskIndex: cluster.rank,
        defaultSessionConfig: { experimental },
      }),
    );
    await joined.barrier();
    joined.#seconds = patience.timeoutSeconds;
    return joined;
  }

  /** A process, as users know it. */
  describe(rank: number): string {
    return describeMember(this.cluster, rank);
  }

  /** Element by element, the sum over all. */
  async allReduce<T extends Elements>(values: T, purpose: string): Promise<T> {
    const extra = {
      merge_op: attributes.text('Add'),
      final_op: attributes.text('Id'),
    };
    return (await this.#run('CollectiveReduceV2', values, [values.length], purpose, extra)) as T;
  }

  /** The same of a few numbers: each gets those of all and adds them up, in half of the messages that follow one another. */
  async sumOfFew(values: Float64Array, purpose: string): Promise<Float64Array> {
    const all = await this.allGather(values, purpose);
    return values.map((_, at) => all.reduce((sum, own) => sum + own[at]!, 0));
  }

  /** Those of each, by rank. */
  async allGather<T extends Elements>(values: T, purpose: string): Promise<T[]> {
    const all = (await this.#run('CollectiveGatherV2', values, [values.length], purpose)) as T;
    return this.#byRank(all, values.length);
  }

  /** `values` has an equal part for each rank, in their order; what the others have for this one comes back, by rank. */
  async allToAll<T extends Elements>(values: T, purpose: string): Promise<T[]> {
    const length = values.length / this.size;
    const placed = values.slice() as T;
    this.#order.forEach((rank, place) => {
      placed.set(values.subarray(rank * length, (rank + 1) * length), place * length);
    });
    const all = (await this.#run('CollectiveAllToAllV2', placed, [this.size, length], purpose)) as T;
    return this.#byRank(all, length);
  }

  async barrier(): Promise<void> {
    await this.allReduce(Float32Array.of(1), 'waiting for each other');
  }

  /** Those of each, by rank, of any lengths. */
  async gatherParts<T extends Elements>(values: T, purpose: string): Promise<T[]> {
    const lengths = (await this.allGather(Int32Array.of(values.length), purpose)).map(([length]) => length!);
    const padded = new (values.constructor as new (length: number) => T)(paddedLength(Math.max(...lengths)));
    padded.set(values);
    const all = await this.allGather(padded, purpose);
    return all.map((part, rank) => part.subarray(0, lengths[rank]) as T);
  }

  /** A text of each, by rank. */
  async gatherTexts(text: string): Promise<string[]> {
    const parts = await this.gatherParts(Int32Array.from(Buffer.from(text)), 'messages');
    return parts.map((part) => Buffer.from(part).toString());
  }

  /** Waits until the work of all is done, however long that takes: meanwhile each hears that the others live. */
  async during<T>(work: Promise<T> | null): Promise<T | null> {
    let isDone = work === null;
    let failure: { readonly error: unknown } | null = null;
    const ended = work?.then(
      () => {
        isDone = true;
      },
      (error) => {
        failure = { error };
      },
    );
    for (;;) {
      if (failure) throw (failure as { readonly error: unknown }).error;
      const [working] = await this.allReduce(Float32Array.of(isDone ? 0 : 1), 'waiting for each other');
      if (working === 0) return work;
      if (!isDone) await Promise.race([ended, pause(PULSE_MS)]);
    }
  }

  /**
   * TensorFlow keeps what it knows of an instance for good: so there is one for each kind of call, type and length, not for each
   * call. All count them in the same order.
   */
  #instance(key: string): number {
    const known = this.#instances.get(key);
    if (known !== undefined) return known;
    this.#instances.set(key, this.#instances.size + 1);
    return this.#instances.size;
  }

  /** Work that all do, the others after the first one is done. */
  async firstThenOthers<T>(work: () => Promise<T>): Promise<T> {
    const first = await this.during(this.rank === 0 ? work() : null);
    const other = await this.during(this.rank === 0 ? null : work());
    return (first ?? other)!;
  }

  /** Before the process ends: the others may still be taking the last that it has for them. */
  async farewell(): Promise<void> {
    await pause(PULSE_MS);
  }

  /** Before all end. */
  async leave(): Promise<void> {
    await this.barrier();
    await this.farewell();
  }

  /** What lies at a place of TensorFlow's order, by rank. */
  #byRank<T extends Elements>(values: T, length: number): T[] {
    const parts: T[] = [];
    this.#order.forEach((rank, place) => {
      parts[rank] = values.subarray(place * length, (place + 1) * length) as T;
    });
    return parts;
  }

  #run(
    name: string,
    values: Elements,
    shape: readonly number[],
    purpose: string,
    extra: Readonly<Record<string, Attribute>> = {},
  ): Promise<Elements> {
    const mine = this.#last.then(() =>
      this.#attempt(() =>
        this.costs.count(
          purpose,
          () => values.byteLength,
          () => this.#execute(name, values, shape, extra),
        ),
      ),
    );
    this.#last = mine.catch(() => {});
    return mine;
  }

  async #execute(
    name: string,
    values: Elements,
    shape: readonly number[],
    extra: Readonly<Record<string, Attribute>>,
  ): Promise<Elements> {
    const handles: Handle[] = [];
    const held = (handle: Handle) => {
      handles.push(handle);
      return handle;
    };
    const int = (value: number) => held(tensor(Int32Array.of(value), []));
    try {
      const type = dataTypeOf(values);
      const inputs = [
        held(tensor(values, shape)),
        int(this.size),
        int(GROUP),
        int(this.#instance(`${name} ${type} ${values.length}`)),
      ];
      const result = await this.#context.run(name, inputs, {
        T: attributes.type(type),
        communication_hint: attributes.text('auto'),
        timeout_seconds: attributes.float(this.#seconds),
        ...extra,
      });
      held(result);
      return (await valuesOf(result)) as Elements;
    } finally {
      for (const handle of handles) handle.dispose();
    }
  }

  async #attempt<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof TensorflowError)) throw error;
      throw await this.#lost(error);
    }
  }

  /** Who is gone, in words. */
  async #lost(cause: TensorflowError): Promise<LostCluster> {
    const startMs = performance.now();
    const others = this.cluster.members.map((_, rank) => rank).filter((rank) => rank !== this.rank);
    const found = await Promise.all(
      others.map(async (rank) => {
        const problem = await this.#problemOf(rank);
        return problem === null ? [] : [`${this.describe(rank)} ${problem}`];
      }),
    );
    const missing = found.flat();
    await pause(Math.max(0, FAREWELL_MS - (performance.now() - startMs)));
    const who =
      missing.length > 0
        ? missing.join('; ')
        : cause.code === DEADLINE_EXCEEDED
          ? `one took longer than the ${this.#seconds} s that the others wait (distributed.timeoutSeconds, or startSeconds at the start)`
          : `none is missing by now, but TensorFlow says: ${cause.message}`;
    return new LostCluster(
      `Cannot go on with ${this.cluster.members[this.rank]!.name}: all ${this.size} processes are needed, and ${who}\n` +
        '  start all of them again with --resume: training goes on from the last checkpoint of the run',
      138,
      { cause },
    );
  }

  /** Null for one that answers. */
  async #problemOf(rank: number): Promise<string | null> {
    if (!(await accepts(this.cluster.members[rank]!.address))) return 'cannot be reached';
    try {
      await this.#context.checkPeer(taskName(rank), PROBE_MS);
      return null;
    } catch {
      return `does not answer (within ${this.patience.timeoutSeconds} s)`;
    }
  }
}
