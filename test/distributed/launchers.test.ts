/** What the launchers of docs/cluster/ hand to each process. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { type Cluster, readCluster } from '../../src/distributed/cluster.js';

const pathOf = (name: string) => fileURLToPath(new URL(`../../docs/cluster/${name}`, import.meta.url));

test('the script for Slurm starts a worker on each node, which goes on from the last checkpoint', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dupn-slurm-'));
  const program = (name: string, text: string) => {
    writeFileSync(join(folder, name), `#!/bin/bash\n${text}\n`);
    chmodSync(join(folder, name), 0o755);
  };
  program('scontrol', '[ "$*" = "show hostnames n[1-3]" ] && printf "n1\\nn2\\nn3\\n"');
  program('srun', 'shift; for SLURM_PROCID in 0 1 2; do export SLURM_PROCID; "$@"; done');
  program('dupn', 'echo "$TF_NUM_INTRAOP_THREADS $*"; echo "$TF_CONFIG"');
  const output = execFileSync('bash', [pathOf('slurm.sh'), 'my shop.yaml'], {
    encoding: 'utf8',
    env: { PATH: `${folder}:${process.env.PATH}`, SLURM_JOB_NODELIST: 'n[1-3]', SLURM_CPUS_PER_TASK: '8' },
  });
  const lines = output.trim().split('\n');
  expect(lines.filter((_, at) => at % 2 === 0)).toEqual(Array(3).fill('8 train -c my shop.yaml --resume'));
  const clusters = lines.filter((_, at) => at % 2 === 1).map((text) => readCluster(text) as Cluster);
  expect(clusters.map(({ rank }) => rank)).toEqual([0, 1, 2]);
  expect(clusters[0]!.members.map(({ address }) => address)).toEqual(['n1:2222', 'n2:2222', 'n3:2222']);
});

test('the manifest for Kubernetes has a chief and workers of one kind, and lets nobody else in', () => {
  const [job, policy] = parseAllDocuments(readFileSync(pathOf('kubernetes.yaml'), 'utf8')).map((document) =>
    document.toJS(),
  );
  const { Chief, Worker } = job.spec.tfReplicaSpecs;
  expect(Worker.template).toEqual(Chief.template);
  const [container] = Chief.template.spec.containers;
  // The operator looks for a container and a port of these names.
  expect([container.name, container.ports[0].name]).toEqual(['tensorflow', 'tfjob-port']);
  expect(container.args).toEqual(expect.arrayContaining(['train', '--resume']));
  expect(policy.spec.ingress[0].from[0].podSelector).toEqual(policy.spec.podSelector);
});
