/** `preprocess.engine: spark` prepares what DuckDB prepares, file by file, and says what is wrong. Of `npm run peers`. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { silentContext } from '../../src/common/context.js';
import { UserError } from '../../src/common/errors.js';
import { fileSha256 } from '../../src/common/files.js';
import type { Manifest } from '../../src/common/prepared.js';
import { loadConfig } from '../../src/config/load.js';
import { type PreprocessInput, preprocess } from '../../src/preprocess/preprocess.js';
import { DAY, randomWorld, START, writeWorld } from '../preprocess/world.js';
import { findSubmit, sparkYaml, withoutSpark } from './spark-session.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

let submit: string;
let folder: string;

beforeAll(async () => {
  if (!withoutSpark) submit = await findSubmit();
}, 600_000);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-spark-test-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function prepare(yaml: string, name: string, more: Partial<PreprocessInput> = {}) {
  const file = join(folder, 'config.yaml');
  await writeFile(file, yaml);
  const config = await loadConfig(file);
  return preprocess({ config, folder: join(folder, name), force: false, context: silentContext, ...more });
}

/** Path -> what is in it, of every file but the manifest; lists of rejected rows without byte offsets, which Spark can't tell. */
async function filesOf(name: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const entry of await readdir(join(folder, name), { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && entry.name !== 'manifest.json') {
      const inside = path.slice(join(folder, name).length + 1);
      files[inside] = inside.startsWith('rejects/')
        ? readFileSync(path, 'utf8').replaceAll(/^([^,]*,\d+),\d*,/gm, '$1,,')
        : await fileSha256(path);
    }
  }
  return files;
}

/** The manifest but for parts of a millisecond, which Hadoop has none of, and its own checksum. */
const facts = ({ inputs, files, ...manifest }: Manifest) => ({
  ...manifest,
  sha256: '',
  files: Object.fromEntries(Object.entries(files).filter(([path]) => !path.startsWith('rejects/'))),
  inputs: inputs.map((input) => ({ ...input, modifiedMs: Math.floor(input.modifiedMs) })),
});

async function expectSame(duckdb: Manifest, spark: Manifest): Promise<void> {
  expect(await filesOf('spark')).toEqual(await filesOf('duckdb'));
  expect(facts(spark)).toEqual(facts(duckdb));
}

describe.skipIf(withoutSpark)(
  `preparing by Spark${withoutSpark ? `: ${withoutSpark}` : ''}`,
  { timeout: 600_000 },
  () => {
    test('every file of the sample log is the same', async () => {
      const yaml = `
extends: ${root}configs/quickstart.yaml
data: { root: ${root}data-samples }
features: { ranking: null, query: { tasks: [ctr] }, user: { scenario: { tasks: [ctr] } } }
entities: { icon: null }
tasks: { l2r: null, fifp: null }
`;
      const duckdb = await prepare(yaml, 'duckdb');
      const spark = await prepare(yaml + sparkYaml(submit), 'spark');
      await expectSame(duckdb.manifest, spark.manifest);
      expect(spark.manifest.rows.log!.kept).toBeGreaterThan(40_000);
      expect((await readdir(folder)).sort()).toEqual(['config.yaml', 'duckdb', 'spark', 'spark.spark.log']);
      // Whoever made it: it is up to date for the other engine as well.
      expect((await prepare(yaml, 'spark')).skipped).toBe(true);
    });

    test('a generated log with ties and an update of it are the same', async () => {
      const world = randomWorld(5, 900);
      const yaml = await writeWorld(join(folder, 'data'), world);
      const start = [(await prepare(yaml, 'duckdb', { update: true })).manifest];
      start.push((await prepare(yaml + sparkYaml(submit), 'spark', { update: true })).manifest);
      await expectSame(start[0]!, start[1]!);
      const later = Array.from({ length: 300 }, (_, at) => {
        const time = START + 11 * DAY + 600 * Math.floor(at / 3);
        return `u${7 * (at % 14)},商品${at % 30},${time},click,s${at % 4},phone`;
      });
      await writeFile(
        join(folder, 'data', 'later.csv'),
        ['user_id,item_id,time,behavior,shop,device', ...later, ''].join('\n'),
      );
      await appendFile(join(folder, 'data', 'later.csv'), `u1,i1,${START},click,s1,phone\n`);
      const more = yaml.replace('files: events.csv', 'files: [events.csv, later.csv]');
      const duckdb = await prepare(more, 'duckdb', { update: true });
      const spark = await prepare(more + sparkYaml(submit), 'spark', { update: true });
      expect(spark.update).toEqual(duckdb.update);
      expect(spark.update!.events).toBe(300);
      await expectSame(duckdb.manifest, spark.manifest);
    });

    test('tables and staging may lie where this machine does not see them', async () => {
      const yaml = await writeWorld(join(folder, 'data'), randomWorld(2, 300));
      await prepare(yaml, 'duckdb');
      // A storage of Hadoop's own, behind which is a folder here.
      const mount = 'spark.hadoop.fs.viewfs.mounttable.shop.link';
      await mkdir(join(folder, 'tmp'));
      const settings = sparkYaml(submit, {
        [`${mount}./data`]: `file://${folder}/data`,
        [`${mount}./tmp`]: `file://${folder}/tmp`,
      }).replace('submit:', 'staging: viewfs://shop/tmp/\n    submit:');
      const remote =
        yaml.replace(/files: (events|clicks|items)\.csv/g, 'files: viewfs://shop/data/$1.csv') + settings;
      const { manifest } = await prepare(remote, 'spark');
      expect(await filesOf('spark')).toEqual(await filesOf('duckdb'));
      expect(manifest.inputs[0]!.path).toBe('viewfs://shop/data/events.csv');
      expect(await readdir(join(folder, 'tmp'))).toEqual([]);
      expect((await prepare(remote, 'spark')).skipped).toBe(true);
      await appendFile(join(folder, 'data', 'events.csv'), '\n');
      const again = await prepare(remote, 'spark');
      expect(again.skipped).toBe(false);
      expect(again.manifest.rows.log).toEqual(manifest.rows.log);
    });

    test('what is wrong is said, and what was prepared stays', async () => {
      const yaml = await writeWorld(join(folder, 'data'), randomWorld(1, 80));
      await prepare(yaml, 'out');
      const before = await filesOf('out');
      const failure = async (text: string) => {
        const error = await prepare(text, 'out', { force: true }).then(
          () => new Error('it was prepared'),
          (error: unknown) => error,
        );
        expect(error).toBeInstanceOf(UserError);
        return (error as UserError).message;
      };
      const by = (text: string) => failure(yaml + text);
      const noProgram = await by('preprocess: { engine: spark, spark: { submit: /nowhere/spark-submit } }');
      expect(noProgram).toContain(
        'required /nowhere/spark-submit (preprocess.spark.submit), got: there is no such program',
      );
      const unknown = await by(
        `preprocess: { engine: spark, spark: { submit: ${submit}, master: nowhere, staging: /tmp } }`,
      );
      expect(unknown).toContain('(master nowhere) ended with code 1');
      expect(unknown).toMatch(/Could not parse Master URL|Master must/);
      const logFile = /All that it said is in (.*)$/m.exec(unknown)![1]!;
      expect(logFile).toBe(join(folder, 'out.spark.log'));
      expect(readFileSync(logFile, 'utf8')).toContain('Master');
      const unreachable = await by(
        `preprocess: { engine: spark, spark: { submit: ${submit}, master: 'spark://127.0.0.1:1', staging: ${folder}/tmp } }`,
      );
      expect(unreachable).toContain('(master spark://127.0.0.1:1) has no session');
      expect(unreachable).toContain('All masters are unresponsive');
      const spark = sparkYaml(submit);
      expect(await failure(yaml.replace('items.csv', 'nothing.csv') + spark)).toContain(
        `Cannot read the table \`items\`: Spark finds no file ${join(folder, 'data', 'nothing.csv')}`,
      );
      const remote = await failure(
        yaml.replace('files: events.csv', 'files: nosuch://bucket/events.csv') + spark,
      );
      expect(remote).toContain('No FileSystem for scheme "nosuch"');
      await appendFile(join(folder, 'data', 'events.csv'), 'u1,i1,yesterday,click,s1,phone\n'.repeat(50));
      const dirty = await failure(yaml + spark);
      expect(dirty).toContain(
        '50 of 130\n  50 bad time\n  events.csv:82 bad time in time: u1,i1,yesterday,click,s1,phone',
      );
      expect(await filesOf('out')).toEqual(before);
      expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([]);
    });

    test('a signal ends Spark too, and leaves nothing behind', async () => {
      await interruptWhen('Running task', sparkYaml(submit), 180_000);
    });

    test('a signal ends a session that still waits for its cluster', async () => {
      const unreachable = sparkYaml(submit)
        .replace('master: local[2]', 'master: spark://127.0.0.1:1')
        .replace('submit:', `staging: ${folder}\n    submit:`);
      // By itself it gives up after a minute.
      await interruptWhen('Connecting to master', unreachable, 20_000);
    });
  },
);

/** Interrupts dupn when the log of Spark says something; Spark has to end within so long. */
async function interruptWhen(said: string, settings: string, patienceMs: number): Promise<void> {
  const name = `interrupted-${process.pid}`;
  const yaml = await writeWorld(join(folder, 'data'), randomWorld(1, 80));
  await writeFile(
    join(folder, 'config.yaml'),
    `${yaml.replace('name: world', `name: ${name}`)}${settings.replace('engine:', `folder: ${folder}/prepared\n  engine:`)}`,
  );
  const child = spawn(
    process.execPath,
    [join(root, 'bin/dupn.js'), 'preprocess', '-c', join(folder, 'config.yaml')],
    { stdio: 'ignore' },
  );
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.once('exit', (code, signal) => resolve(signal ?? code)),
  );
  const log = join(folder, 'prepared', `${name}.spark.log`);
  const until = async (condition: () => boolean, ms: number) => {
    for (const limit = Date.now() + ms; !condition(); await sleep(100)) {
      if (Date.now() > limit) throw new Error('it takes too long');
    }
  };
  await until(() => existsSync(log) && readFileSync(log, 'utf8').includes(said), 180_000);
  expect(sparkProcesses(name)).toBeGreaterThan(0);
  child.kill('SIGINT');
  expect(['SIGINT', 130]).toContain(await ended);
  await until(() => sparkProcesses(name) === 0, patienceMs);
  expect((await readdir(join(folder, 'prepared'))).filter((entry) => !entry.endsWith('.log'))).toEqual([]);
}

/** Processes whose command names the application. */
function sparkProcesses(name: string): number {
  const commands = readdirSync('/proc').flatMap((entry) => {
    try {
      return /^\d+$/.test(entry) ? [readFileSync(`/proc/${entry}/cmdline`, 'utf8')] : [];
    } catch {
      return [];
    }
  });
  return commands.filter((command) => command.includes(`dupn ${name}`)).length;
}
