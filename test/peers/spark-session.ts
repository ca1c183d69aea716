/** A Spark for the tests, on two threads of this machine: that of SPARK_HOME, or the pyspark wheel of PyPI. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseConfig } from '../../src/config/load.js';
import { openSpark, type SparkSession } from '../../src/preprocess/spark/session.js';
import { pythonEnvironment } from '../python-environment.js';

/** Why there are no tests with Spark; null where there are. */
export const withoutSpark: string | null =
  process.env.DUPN_PEERS !== '1'
    ? 'npm run peers asks Spark'
    : spawnSync('java', ['-version']).status === 0
      ? null
      : 'Spark needs Java, and there is none on PATH';

/** The program to submit with: that of SPARK_HOME, else that of the wheel, which is fetched where it is missing and whose Python is told to Spark by the environment. */
export async function findSubmit(): Promise<string> {
  const { SPARK_HOME } = process.env;
  if (SPARK_HOME) return join(SPARK_HOME, 'bin', 'spark-submit');
  const python = await pythonEnvironment('spark', ['pyspark']);
  process.env.PYSPARK_PYTHON = python;
  return join(dirname(python), 'spark-submit');
}

/** Small blocks, so that a small log has several; Java starts sooner where it compiles less. */
export const sparkYaml = (submit: string, conf: Readonly<Record<string, string>> = {}) => `
preprocess:
  engine: spark
  spark:
    submit: ${submit}
    master: local[2]
    conf:
      spark.ui.enabled: false
      spark.driver.extraJavaOptions: -XX:TieredStopAtLevel=1 -XX:+UseSerialGC
      spark.sql.shuffle.partitions: 3
      spark.sql.files.maxPartitionBytes: 8000
      spark.sql.files.openCostInBytes: 0
${Object.entries(conf)
  .map(([name, value]) => `      ${name}: ${value}\n`)
  .join('')}`;

const CONFIG = `
name: session
data: { log: { files: none.csv } }
features: { item: { item: { size: 4 } } }
split: { evaluationFrom: 2020-01-02 }
tasks: {}
`;

/** A session, and what ends it. */
export async function startSpark(): Promise<{ spark: SparkSession; stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'dupn-spark-test-'));
  const config = parseConfig(CONFIG + sparkYaml(await findSubmit()), join(folder, 'session.yaml'));
  const spark = await openSpark(config, {
    logFile: join(folder, 'spark.log'),
    localStaging: join(folder, 'staging'),
  });
  return {
    spark,
    async stop() {
      await spark.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
