/**
 * Who trains together, read from TF_CONFIG, which TensorFlow's launchers set for each process
 * (tensorflow.org/guide/distributed_training): `{"cluster": {"worker": ["host:port", ...]}, "task": {"type": "worker", "index": 0}}`.
 */
import { z } from 'zod';
import { messageOf, UserError } from '../common/errors.js';

/** One of the processes. */
export interface Member {
  /** As users know it: `worker 1`. */
  readonly name: string;
  /** `host:port` */
  readonly address: string;
}

/** The processes that train together, as one of them sees them. */
export interface Cluster {
  /** All, in the order of their ranks; the first one is the chief, which keeps the folder of the run. */
  readonly members: readonly Member[];
  /** Parameter servers, which hold the embedding tables; there may be none. */
  readonly servers: readonly Member[];
  /** Which one of the members this process is. */
  readonly rank: number;
}

/** The same as one of the servers sees them. */
export interface ServerTask {
  readonly servers: readonly Member[];
  /** Which one of them this process is. */
  readonly server: number;
}

const address = z
  .string()
  .regex(/^(\[[0-9A-Fa-f:.]+\]|[^\s:/]+):\d{1,5}$/, 'expected an address with its port, host:port');

const tfConfig = z.object({
  cluster: z.record(z.string(), z.array(address)).optional().default({}),
  task: z
    .object({
      type: z.string(),
      index: z.union([z.int().nonnegative(), z.string().regex(/^\d+$/).transform(Number)]),
    })
    .optional(),
});

/** Jobs that train, in the order of their ranks; `master` is the chief of older launchers. */
const JOBS = ['chief', 'master', 'worker'] as const;

const refuse = (problem: string, cause?: unknown) =>
  new UserError(
    `Cannot read TF_CONFIG: ${problem}\n` +
      '  such as {"cluster": {"worker": ["10.0.0.1:2222", "10.0.0.2:2222"]}, "task": {"type": "worker", "index": 0}}; unset it to train on this machine alone',
    { cause },
  );

/** Null where one process trains alone. @throws UserError when the text is no such thing */
export function readCluster(text: string | undefined): Cluster | ServerTask | null {
  if (text === undefined || text.trim() === '') return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refuse(`expected JSON, got: ${messageOf(error)}`, error);
  }
  const parsed = tfConfig.safeParse(value);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw refuse(`${path.join('.') || 'the whole'}: ${message}`);
  }
  const { cluster, task } = parsed.data;
  const unknown = Object.keys(cluster).filter((job) => ![...JOBS, 'ps', 'evaluator'].includes(job));
  if (unknown.length > 0) {
    throw refuse(`expected the jobs ${JOBS.join(', ')}, ps, got ${unknown.join(', ')}`);
  }
  const tasks = [...JOBS, 'ps'].flatMap((job) =>
    (cluster[job] ?? []).map((address, index) => ({
      name: job === 'worker' || job === 'ps' ? `${job} ${index}` : job,
      ...{ address, job, index },
    })),
  );
  const twice = tasks.find(({ address }, at) => tasks.findIndex((other) => other.address === address) < at);
  if (twice) throw refuse(`expected an address of its own for each process, got ${twice.address} twice`);
  if (tasks.length === 0 || (tasks.length === 1 && !task)) return null;
  if (!task) throw refuse('expected task, which says which of the processes this one is');
  const own = tasks.find(({ job, index }) => job === task.type && index === task.index);
  if (!own) {
    const known = tasks.map(({ name }) => name).join(', ');
    throw refuse(`expected a task that is in the cluster (${known}), got ${task.type} ${task.index}`);
  }
  const named = (those: typeof tasks) => those.map(({ name, address }) => ({ name, address }));
  const [members, servers] = [
    tasks.filter(({ job }) => job !== 'ps'),
    tasks.filter(({ job }) => job === 'ps'),
  ];
  if (members.length === 0)
    throw refuse('expected a chief or workers, who train, beside the parameter servers (ps)');
  if (tasks.length === 1) return null;
  if (own.job === 'ps') return { servers: named(servers), server: own.index };
  return { members: named(members), servers: named(servers), rank: members.indexOf(own) };
}

/** `worker 1 (10.0.0.2:2222)`, and that it is the chief. */
export const describeMember = ({ members }: Cluster, rank: number): string => {
  const { name, address } = members[rank]!;
  return `${name} (${address}${rank === 0 && name !== 'chief' ? ', the chief' : ''})`;
};
