/** What a session makes of programs that are no Spark of ours: each test submits to a script of its own. */
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UserError } from '../../src/common/errors.js';
import { parseConfig } from '../../src/config/load.js';
import { openSpark } from '../../src/preprocess/spark/session.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-session-test-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** `script` is of a shell, or of node if it says so in its first line. */
async function open(script: string, logFile = join(folder, 'spark.log')) {
  const submit = join(folder, 'submit');
  await writeFile(submit, script);
  await chmod(submit, 0o755);
  const config = parseConfig(
    `
name: session
data: { log: { files: none.csv } }
features: { item: { item: { size: 4 } } }
split: { evaluationFrom: 2020-01-02 }
tasks: {}
preprocess: { engine: spark, spark: { submit: ${submit}, master: local } }
`,
    join(folder, 'session.yaml'),
  );
  return openSpark(config, { logFile, localStaging: join(folder, '.staging') });
}

async function problemOf(script: string): Promise<string> {
  const error = await open(script).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(UserError);
  return (error as UserError).message;
}

/** A driver that answers with these texts, one to each request and the first by itself, and then does `last`. */
const driver = (answers: readonly object[], last: string) => `#!${process.execPath}
const answers = ${JSON.stringify(answers.map((answer) => `${JSON.stringify(answer)}\n`))};
const socket = require('node:net').connect(process.argv.at(-1));
const next = () => answers.length > 0 ? socket.write(answers.shift()) : ${last};
socket.on('connect', next).on('data', next).on('end', () => process.exit());
`;

const session = (version: string) => ({ value: { version, master: 'local' } });

test('a program that ends without a session is told with the lines that tell, each in measure', async () => {
  const message = await problemOf(
    '#!/bin/sh\necho fine\necho "Error: $(head -c 5000 /dev/zero | tr "\\0" x)"\nexit 3',
  );
  expect(message).toContain('submit (master local) ended with code 3\n  Error: xxx');
  expect(message).not.toContain('fine');
  expect(message.length).toBeLessThan(1500);
  expect(await problemOf('#!/bin/sh\nexit 0')).toContain('ended with code 0');
});

test('a Spark that is too old is told by its version', async () => {
  const message = await problemOf(driver([session('3.4.4')], 'process.exit(1)'));
  expect(message).toMatch(/required Spark 3.5 or later, got 3.4.4 \(preprocess.spark.submit: .*submit\)$/);
});

test('a driver that dies at work fails what it was asked, and what it is asked from then on', async () => {
  const spark = await open(
    driver([session('4.1.0'), { value: null }], `process.kill(process.pid, 'SIGKILL')`),
  );
  await expect(spark.sql('SELECT 1')).rejects.toThrow('ended with SIGKILL');
  await expect(spark.list('file:/a')).rejects.toThrow('ended with SIGKILL');
  await spark.close();
});

test('an error names what it is about', async () => {
  const error = { error: ['IOException: no route'] };
  const spark = await open(driver([session('3.5.0'), { value: null }, error, error], 'null'));
  await expect(spark.list('file:/a/*', 'file:/a/*')).rejects.toThrow(
    'Cannot read file:/a/* by Spark:\n  IOException: no route\nAll that it said is in',
  );
  await expect(spark.sql('SELECT 1')).rejects.toThrow('Cannot read the tables by Spark:');
  await spark.close();
});

test('each session has a staging folder of its own, and removes those that others have left', async () => {
  await mkdir(join(folder, '.staging-old'));
  await mkdir(join(folder, '.staging.other'));
  const one = await open(driver([session('4.0.0'), { value: null }], 'null'));
  expect(one.staging).toMatch(/^file:.*\/\.staging-dupn-/);
  expect(existsSync(join(folder, '.staging-old'))).toBe(false);
  await mkdir(one.staging.slice('file:'.length));
  await one.close();
  expect((await readdir(folder)).sort()).toEqual(['.staging.other', 'spark.log', 'submit']);
});

test('a log that cannot be written fails at once, with nothing left open', async () => {
  await mkdir(join(folder, 'log'));
  const sockets = process.getActiveResourcesInfo().length;
  await expect(open('#!/bin/sh\nexit 0', join(folder, 'log'))).rejects.toThrow('EISDIR');
  expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(sockets);
});
