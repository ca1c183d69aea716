/**
 * `node bench/evaluate.js [samples] [folder]`: makes a log with so many evaluation samples (10 million by default), prepares it,
 * trains a small model for an epoch and evaluates it; prints seconds and peak memory of each command as JSON. The folder keeps the
 * log and the prepared data, for another run of `dupn eval`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';

const dupn = fileURLToPath(new URL('../bin/dupn.js', import.meta.url));
const [samples = '10000000', given] = process.argv.slice(2);
const folder = given ?? mkdtempSync(join(tmpdir(), 'dupn-bench-'));

/** Candidates of a request. */
const PAGE = 5;
/** Requests of an evaluation user. */
const PER_USER = 5;
const ITEMS = 20_000;

/** Clicks follow a hidden quality of the item; users have looked at a few items before. */
async function makeLog() {
  const users = Math.ceil(Number(samples) / PAGE / PER_USER);
  const requests = users * PER_USER;
  const database = await DuckDBInstance.create(':memory:', { temp_directory: join(folder, 'spill') });
  const connection = await database.connect();
  const uniform = (...values) => `((hash(${values.join(', ')}, 7) % 1000003) / 1000003.0)`;
  const item = (...values) => `CAST(floor(${ITEMS} * power(${uniform(...values)}, 2)) AS INTEGER)`;
  await connection.run(`COPY (
    SELECT 'u' || u AS user_id, 'i' || item AS item_id, 'c' || (item % 40) AS category,
      ['click', 'cart', 'buy'][1 + CAST(floor(3 * power(${uniform('u', 'k', 1)}, 3)) AS INTEGER)] AS behavior,
      TIMESTAMP '2024-01-01' + to_seconds(CAST(floor(14 * 86400 * ${uniform('u', 'k', 2)}) AS BIGINT)) AS time
    FROM (SELECT u, k, ${item('u', 'k')} AS item FROM range(${users}) r(u), range(8) e(k)))
    TO '${folder}/events.parquet' (FORMAT parquet)`);
  const page = (first, last, from, days) => `
    SELECT 'u' || (r % ${users}) AS user_id, r AS request_id, p + 1 AS position, 'i' || item AS item_id,
      CASE WHEN ${uniform('r', 'p', 3)} < 0.02 + 0.15 * ${uniform('item')} THEN 1 ELSE 0 END AS label,
      ${from} + to_seconds(CAST(floor(${days} * 86400 * ${uniform('r', 4)}) AS BIGINT)) AS time
    FROM (SELECT r, p, ${item('r', 'p', 5)} AS item FROM range(${first}, ${last}) q(r), range(${PAGE}) s(p))`;
  const training = Math.min(100_000, requests);
  await connection.run(`COPY (${page(0, training, "TIMESTAMP '2024-01-08'", 7)}
    UNION ALL ${page(training, training + requests, "TIMESTAMP '2024-01-15'", 1)})
    TO '${folder}/impressions.parquet' (FORMAT parquet)`);
  connection.closeSync();
  database.closeSync();
}

const CONFIG = `
name: evaluate
data:
  root: ${folder}
  timeZone: UTC
  log: { files: events.parquet }
features:
  item: { item: { size: 8 }, category: { column: category, size: 4 } }
  properties: { behavior: { size: 4 } }
split: { evaluationFrom: 2024-01-15, evaluationTo: 2024-01-16 }
tasks:
  ctr:
    kind: binary
    query: none
    samples:
      files: impressions.parquet
      request: request_id
      keep: [position]
preprocess: { folder: ${folder}/prepared }
model: { units: 16, attentionUnits: 8, userUnits: 8 }
train: { epochs: 1, batchRequests: 1024 }
run: { folder: ${folder}/runs }
`;

function run(...args) {
  const start = performance.now();
  const result = spawnSync('/usr/bin/time', ['-f', '%M', process.execPath, dupn, ...args], {
    encoding: 'utf8',
  });
  const seconds = (performance.now() - start) / 1000;
  if (result.status !== 0) throw new Error(`dupn ${args.join(' ')}\n${result.stderr}`);
  const kib = Number(result.stderr.trim().split('\n').at(-1));
  return { seconds: Number(seconds.toFixed(1)), peakMemoryMb: Math.round(kib / 1024), stdout: result.stdout };
}

mkdirSync(folder, { recursive: true });
const config = join(folder, 'config.yaml');
writeFileSync(config, CONFIG);
if (!existsSync(join(folder, 'impressions.parquet'))) await makeLog();
const figures = {};
for (const command of ['preprocess', 'train', 'eval']) {
  const { stdout, ...figure } = run(
    command,
    '-c',
    config,
    '--json',
    ...(command === 'train' ? ['--force'] : []),
  );
  figures[command] = figure;
  if (command === 'eval') {
    const { metrics, tasks } = JSON.parse(stdout);
    Object.assign(figures, { tasks, metrics });
  }
}
console.log(JSON.stringify({ cpu: cpus()[0].model, cores: cpus().length, folder, ...figures }, null, 2));
