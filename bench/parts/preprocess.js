/**
 * Preprocessing of a log of clicks, beside pandas and polars: from files to vocabularies, streams, requests and samples on disk.
 * The peers have to leave the same arrays, byte for byte, and tables of the same rows, and to check the same of the log. Then ours at
 * other sizes.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { attempt } from '../attempt.js';
import { commandSide, dupn } from '../command.js';
import { median, ratioOf, takeTurns } from '../compare.js';
import { MIN_COUNT, TASKS } from '../config.js';
import { EVALUATION_FROM, MEAN_EVENTS, makeLog } from '../log.js';
import { writeConfig } from '../prepare.js';
import { say } from '../say.js';
import { OURS } from '../sides.js';
import { ALL_THREADS } from '../threads.js';

/** Of dupn; its process takes some 450 MB beside. */
const MEMORY_LIMIT = '400MB';
const REQUESTS_PER_USER = 4;

const perSecond = ({ seconds }) => 1 / seconds;

export async function preprocess(context) {
  const { quick } = context;
  const settings = {
    ...(quick ? { rounds: 1, repeats: 0 } : { rounds: 3, repeats: 6 }),
    events: quick ? 1_000_000 : 10_000_000,
    formats: quick ? ['csv'] : ['csv', 'parquet'],
    sizes: quick ? [250_000, 1_000_000] : [1_000_000, 10_000_000, 50_000_000],
    memoryLimit: MEMORY_LIMIT,
  };
  const [compared, scaling] = [[], []];
  const results = () => ({ settings, compared, scaling, ratios: ratiosOf(compared) });
  for (const format of settings.formats) {
    const subject = { format, events: settings.events };
    compared.push(await attempt(subject, () => compareOn(format, settings, context)));
    context.save(results());
  }
  for (const events of settings.sizes) {
    scaling.push(await attempt({ events }, () => oursOf(events, settings, context)));
    context.save(results());
  }
  return results();
}

/** Of the first format, where it has been measured. */
function ratiosOf([{ comparisons } = {}]) {
  if (!comparisons) return {};
  const ratio = (peer) => comparisons.find((one) => one.peer === peer).ratio.median;
  return { preprocessVsPandas: ratio('pandas'), preprocessVsPolars: ratio('polars') };
}

/** The log with about so many events, and our command on it. */
async function ours(events, format, { data }) {
  const log = join(data, `log-${events}-${format}`);
  const users = Math.round(events / MEAN_EVENTS);
  await makeLog(log, { users, requestsPerUser: REQUESTS_PER_USER, requestsAmongEvents: true }, format);
  const places = writeConfig(join(data, `preprocess-${events}-${format}`), {
    log,
    format,
    tasks: [TASKS[0]],
  });
  const command = [process.execPath, dupn, 'preprocess', '-c', places.config, '--force', '--json'];
  const set = ['--log-level', 'silent', '--set', `preprocess.memoryLimit=${MEMORY_LIMIT}`];
  return { ...places, command: [...command, ...set] };
}

async function compareOn(format, { events, ...turns }, context) {
  const { python, data } = context;
  say(`preprocessing ${events} events as ${format}`);
  const { prepared, command, log } = await ours(events, format, context);
  const peer = (name) => {
    const out = join(data, `${name}-${events}-${format}`);
    const script = fileURLToPath(new URL(`../peers/preprocess_${name}.py`, import.meta.url));
    const places = ['--log', log, '--format', format, '--out', out];
    const rules = ['--evaluation-from', EVALUATION_FROM, '--min-count', String(MIN_COUNT)];
    const clear = () => rmSync(out, { recursive: true, force: true });
    return {
      out,
      side: commandSide(name, python, [python, script, ...places, ...rules], ALL_THREADS, clear),
    };
  };
  const peers = ['pandas', 'polars'].map(peer);
  const slices = await takeTurns(
    commandSide(OURS, python, command, ALL_THREADS),
    peers.map(({ side }) => side),
    turns,
    {},
  );
  for (const { out, side } of peers) {
    requireSameArrays(side.name, out, prepared);
    await requireSameTables(side.name, out, prepared);
    rmSync(out, { recursive: true, force: true });
  }
  const { users, items, requests, events: rows } = JSON.parse(slices[0].stdout);
  const names = [OURS, ...peers.map(({ side }) => side.name)];
  const ofSide = (name) => slices.filter(({ side }) => side === name);
  return {
    format,
    rows: { events: rows.kept, users, items, requests },
    seconds: Object.fromEntries(names.map((name) => [name, median(ofSide(name).map((one) => one.seconds))])),
    peakRssBytes: Object.fromEntries(
      names.map((name) => [name, Math.max(...ofSide(name).map((one) => one.peakRssBytes))]),
    ),
    comparisons: names
      .slice(1)
      .map((name) => ({ peer: name, ratio: ratioOf(slices, OURS, name, perSecond) })),
    slices: slices.map(({ stdout, ...slice }) => slice),
  };
}

/** Otherwise the peer does another job. */
function requireSameArrays(name, folder, prepared) {
  const arrays = readdirSync(folder, { recursive: true }).filter((path) =>
    /\.(i32|u8|u16|u32|f32)$/.test(path),
  );
  if (arrays.length === 0) throw new Error(`${name} left no arrays in ${folder}`);
  const other = arrays.filter(
    (path) => !readFileSync(join(folder, path)).equals(readFileSync(join(prepared, path))),
  );
  if (other.length > 0)
    throw new Error(`${name} did another job: ${other.join(', ')} differ from those of dupn`);
}

async function requireSameTables(name, folder, prepared) {
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: '1GB' });
  const connection = await instance.connect();
  const rowsOf = async (sql) => (await connection.runAndReadAll(sql)).getRows();
  try {
    for (const path of ['requests/requests.parquet', `samples/${TASKS[0]}/samples.parquet`]) {
      const [ours, theirs] = [prepared, folder].map((place) => `read_parquet('${join(place, path)}')`);
      const columns = (await rowsOf(`DESCRIBE FROM ${ours}`)).map(([column]) => `"${column}"`);
      const differs = columns.map((column) => `a.${column} IS DISTINCT FROM b.${column}`).join(' OR ');
      const [[rows]] = await rowsOf(
        `SELECT count(*) FROM ${ours} a POSITIONAL JOIN ${theirs} b WHERE ${differs}`,
      );
      if (rows > 0n)
        throw new Error(`${name} did another job: ${rows} rows of ${path} differ from those of dupn`);
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function oursOf(events, { repeats }, context) {
  say(`preprocessing ${events} events`);
  const { command, folder } = await ours(events, 'csv', context);
  const [slice] = await takeTurns(
    commandSide(OURS, context.python, command, ALL_THREADS),
    [],
    { rounds: 0, repeats },
    {},
  );
  const { events: rows } = JSON.parse(slice.stdout);
  rmSync(folder, { recursive: true, force: true });
  const { stdout, ...taken } = slice;
  return { events: rows.kept, microsecondsPerEvent: (1e6 * taken.seconds) / rows.kept, ...taken };
}
