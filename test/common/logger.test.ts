import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLogger, type LoggerOptions } from '../../src/common/logger.js';

function loggerOf(options: Partial<LoggerOptions>) {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  return { lines, logger: createLogger({ level: 'info', pretty: false, colour: false, write, ...options }) };
}

describe('the logger', () => {
  it('writes one JSON line for each message of its level or above', () => {
    const { lines, logger } = loggerOf({ level: 'warn' });
    logger.info({ a: 1 }, 'no');
    logger.warn({ a: 1 }, 'yes');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toEqual({ level: 40, time: expect.any(String), a: 1, msg: 'yes' });
  });

  it('is readable on a terminal, in colour only where that is wanted', () => {
    const plain = loggerOf({ pretty: true });
    plain.logger.info({ loss: 0.5 }, 'validation');
    expect(plain.lines.join('')).toMatch(/^\[\d\d:\d\d:\d\d\] INFO: validation \{"loss":0.5\}\n$/);
    const coloured = loggerOf({ pretty: true, colour: true });
    coloured.logger.info({}, 'validation');
    expect(coloured.lines.join('')).toContain('\u001b[');
  });

  it('shows controls in texts of data escaped to people', () => {
    const { lines, logger } = loggerOf({ pretty: true });
    logger.warn({ value: '\u009b2J' }, 'bad \u001b[2Jrow\nnext');
    expect(lines.join('')).toMatch(/WARN: bad \\x1b\[2Jrow\nnext \{"value":"\\x9b2J"\}\n$/);
  });

  it('copies every line, those of debug too, to a file from then on', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'dupn-log-')), 'run/train.log');
    const { lines, logger } = loggerOf({ level: 'error' });
    logger.warn({}, 'before');
    logger.copyTo(file);
    logger.debug({ step: 3 }, 'detail');
    logger.close();
    const again = loggerOf({ level: 'silent' });
    again.logger.copyTo(file);
    again.logger.error({}, 'later');
    again.logger.close();
    expect([...lines, ...again.lines]).toEqual([]);
    const messages = (await readFile(file, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).msg);
    expect(messages).toEqual(['detail', 'later']);
  });

  it('copies to each of several files until told to stop', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dupn-log-'));
    const { logger } = loggerOf({ level: 'silent' });
    for (const name of ['first', 'second']) {
      const stop = logger.copyTo(join(folder, name));
      logger.info({}, name);
      stop();
      stop();
      logger.info({}, 'between');
    }
    logger.close();
    for (const name of ['first', 'second']) {
      const lines = (await readFile(join(folder, name), 'utf8')).trim().split('\n');
      expect(lines.map((line) => JSON.parse(line).msg)).toEqual([name]);
    }
  });
});
