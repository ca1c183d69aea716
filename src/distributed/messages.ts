/** The parts of TensorFlow's ServerDef and ConfigProto that we set, by their own names and numbers. */
import protobuf from 'protobufjs/light.js';

/** tensorflow/core/protobuf/config.proto. */
export interface ConfigProto {
  readonly experimental?: {
    /** The task that decides who is in a group, `/job:worker/replica:0/task:0`. */
    readonly collectiveGroupLeader?: string;
    /** A remote op that fails says so at once, not when the next one comes. */
    readonly disableEagerExecutorStreamingEnqueue?: boolean;
  };
}

/** tensorflow/core/protobuf/tensorflow_server.proto. */
export interface ServerDef {
  readonly cluster: {
    /** Tasks by their index. */
    readonly job: readonly { readonly name: string; readonly tasks: Readonly<Record<number, string>> }[];
  };
  readonly jobName: string;
  readonly taskIndex: number;
  readonly defaultSessionConfig?: ConfigProto;
}

/** A map. */
const taskByIndex = { keyType: 'int32', id: 2, type: 'string' };

const root = protobuf.Root.fromJSON({
  nested: {
    ConfigProto: { fields: { experimental: { id: 16, type: 'Experimental' } } },
    Experimental: {
      fields: {
        collectiveGroupLeader: { id: 1, type: 'string' },
        disableEagerExecutorStreamingEnqueue: { id: 26, type: 'bool' },
      },
    },
    ServerDef: {
      fields: {
        cluster: { id: 1, type: 'ClusterDef' },
        jobName: { id: 2, type: 'string' },
        taskIndex: { id: 3, type: 'int32' },
        defaultSessionConfig: { id: 4, type: 'ConfigProto' },
        protocol: { id: 5, type: 'string' },
      },
    },
    ClusterDef: { fields: { job: { rule: 'repeated', id: 1, type: 'JobDef' } } },
    JobDef: { fields: { name: { id: 1, type: 'string' }, tasks: taskByIndex } },
  },
});

const encode = (type: string, message: object): Uint8Array => root.lookupType(type).encode(message).finish();

export const encodeConfig = (config: ConfigProto): Uint8Array => encode('ConfigProto', config);
export const encodeServer = (server: ServerDef): Uint8Array =>
  encode('ServerDef', { ...server, protocol: 'grpc' });
