/** TF_CONFIG, as launchers write it. */
import { expect, test } from 'vitest';
import { type Cluster, describeMember, readCluster } from '../../src/distributed/cluster.js';

const read = (value: object) => readCluster(JSON.stringify(value));

test('a process alone has none', () => {
  for (const text of [
    undefined,
    '',
    ' ',
    '{}',
    '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 0}}',
  ]) {
    expect(readCluster(text)).toBeNull();
  }
});

test('ranks are those of the chief, then of the workers', () => {
  const cluster = read({
    cluster: { worker: ['w0:1', 'w1:2'], chief: ['c:3'] },
    task: { type: 'worker', index: '1' },
    environment: 'cloud',
  }) as Cluster;
  expect(cluster).toEqual({
    members: [
      { name: 'chief', address: 'c:3' },
      { name: 'worker 0', address: 'w0:1' },
      { name: 'worker 1', address: 'w1:2' },
    ],
    servers: [],
    rank: 2,
  });
  expect([0, 2].map((rank) => describeMember(cluster, rank))).toEqual(['chief (c:3)', 'worker 1 (w1:2)']);
  const workers = read({
    cluster: { worker: ['w0:1', '[::1]:2'] },
    task: { type: 'worker', index: 0 },
  }) as Cluster;
  expect(describeMember(workers, 0)).toBe('worker 0 (w0:1, the chief)');
});

test('parameter servers are told which ones they are', () => {
  const cluster = { worker: ['w0:1'], ps: ['p0:1', 'p1:1'] };
  const servers = [
    { name: 'ps 0', address: 'p0:1' },
    { name: 'ps 1', address: 'p1:1' },
  ];
  expect(read({ cluster, task: { type: 'ps', index: 1 } })).toEqual({ servers, server: 1 });
  const members = [{ name: 'worker 0', address: 'w0:1' }];
  expect(read({ cluster, task: { type: 'worker', index: 0 } })).toEqual({ members, servers, rank: 0 });
  expect(() => read({ cluster: { ps: ['p0:1', 'p1:1'] }, task: { type: 'ps', index: 0 } })).toThrow(
    /expected a chief or workers/,
  );
});

test.each([
  ['{"cluster": ', /expected JSON/],
  ['{"cluster": {"worker": ["a"]}}', /cluster\.worker\.0: expected an address with its port/],
  ['{"cluster": {"worker": ["a:1", "a:1"]}, "task": {"type": "worker", "index": 0}}', /a:1 twice/],
  ['{"cluster": {"worker": ["a:1", "b:1"]}}', /expected task/],
  [
    '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 2}}',
    /worker 0, worker 1\), got worker 2/,
  ],
  ['{"cluster": {"worker": ["a:1"], "boss": ["b:1"]}, "task": {"type": "worker", "index": 0}}', /got boss/],
  // An evaluator, or a server without anyone, is not to train alone.
  [
    '{"cluster": {"chief": ["a:1"]}, "task": {"type": "evaluator", "index": 0}}',
    /\(chief\), got evaluator 0/,
  ],
  ['{"cluster": {"ps": ["a:1"]}, "task": {"type": "ps", "index": 0}}', /expected a chief or workers/],
])('%s is refused', (text, message) => {
  expect(() => readCluster(text)).toThrow(message);
});
