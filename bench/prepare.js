/** Data of the benchmark, made where it is missing: logs, and the prepared folder that both sides train on. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dupn, runMeasured } from './command.js';
import { configText, TASKS } from './config.js';
import { makeLog } from './log.js';
import { say } from './say.js';
import { ALL_THREADS } from './threads.js';

/** Users of the log that training reads; each has one request. */
const TRAINING_USERS = 32_000;

/** Writes a config of a folder of its own; returns its file, the folder of its prepared data and the one of its log. */
export function writeConfig(folder, { log, format, tasks }) {
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'bench.yaml');
  writeFileSync(config, configText({ log, format, folder, tasks }));
  return { config, prepared: join(folder, 'prepared', 'bench'), log, folder };
}

/** The prepared data of training, of 20 to 100 events a request; an earlier one is taken as it is. */
export async function trainingData({ data, python }) {
  const log = join(data, 'training-log');
  const size = { users: TRAINING_USERS, requestsPerUser: 1, requestsAmongEvents: false };
  await makeLog(log, size, 'parquet');
  const places = writeConfig(join(data, 'training'), { log, format: 'parquet', tasks: TASKS });
  say('preparing the data of training');
  await runMeasured(
    'dupn preprocess',
    python,
    [process.execPath, dupn, 'preprocess', '-c', places.config, '--json'],
    ALL_THREADS,
  );
  return places;
}
