import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Logger } from '../../src/common/context.js';
import { during } from '../../src/common/during.js';
import { createLoggedProgress, createTerminalProgress } from '../../src/common/progress.js';

function terminal() {
  let text = '';
  const stream = Object.assign(
    new Writable({
      write(chunk, _, done) {
        text += chunk;
        done();
      },
    }),
    { isTTY: true, columns: 200 },
  );
  return { stream, text: () => text };
}

describe('progress on a terminal', () => {
  it('is one bar with what was done, the total and the fields', () => {
    const { stream, text } = terminal();
    const bar = createTerminalProgress(stream).start('epoch 1/2', 200);
    bar.update(50, { loss: '0.7' });
    bar.stop();
    expect(text()).toMatch(/epoch 1\/2 \[ +\] 0% 0\/200/);
  });

  it('says what is left by the mean speed so far', async () => {
    const { stream, text } = terminal();
    const progress = createTerminalProgress(stream);
    const bar = progress.start('rows', 4000);
    await new Promise((done) => setTimeout(done, 300));
    bar.update(1);
    bar.stop();
    // 0.3 s for one of 4000: twenty minutes, on a machine that is slow a little more.
    const [, minutes] = text().match(/0% 1\/4000 +(\d+)m \d+s left/)!;
    expect(Number(minutes)).toBeGreaterThanOrEqual(19);
    expect(Number(minutes)).toBeLessThan(59);
    const done = progress.start('rows', 10);
    done.update(10);
    done.stop();
    expect(text().slice(text().indexOf('10/10'))).not.toContain('left');
  });

  it('without a known end counts', () => {
    const { stream, text } = terminal();
    const bar = createTerminalProgress(stream).start('rows', 0);
    bar.stop();
    expect(text()).toMatch(/rows 0s /);
    expect(text()).not.toContain('%');
  });

  it('leaves whole lines to text that is written beside it', () => {
    const { stream, text } = terminal();
    const progress = createTerminalProgress(stream);
    const bar = progress.start('epoch', 10);
    progress.write('a line of the log\n');
    bar.stop();
    progress.write('another\n');
    // The bar's line is cleared before the text and drawn again after it.
    const cleared = text().split('\u001b[1G\u001b[2Ka line of the log\n');
    expect(cleared).toHaveLength(2);
    expect(cleared[1]).toContain('epoch [');
    expect(text().endsWith('another\n')).toBe(true);
  });

  it('shows the inner of two bars, then the outer one where it stands', () => {
    const { stream, text } = terminal();
    const progress = createTerminalProgress(stream);
    const outer = progress.start('outer', 10);
    const inner = progress.start('inner', 4);
    expect(text()).toMatch(/outer 0\/10 > inner \[ +\] 0% 0\/4/);
    outer.update(5);
    const before = text().length;
    inner.stop();
    expect(text().slice(before)).toMatch(/outer \[=+ +\] 50% 5\/10/);
    outer.stop();
  });

  it('fits the width of the terminal, whatever the width of its characters', () => {
    const { stream, text } = terminal();
    const bar = createTerminalProgress(Object.assign(stream, { columns: 20 })).start('读取', 0);
    bar.update(1, { table: '点击点击点击' });
    bar.stop();
    // 4 columns, then ' 1 0s table ', then as many characters of two columns as fit before the last column.
    expect(text()).toContain('\u001b[1G读取 1 0s table 点\u001b[0K');
  });

  it('moves the cursor within its line alone, and shows controls in names escaped', () => {
    const { stream, text } = terminal();
    const progress = createTerminalProgress(stream);
    const bar = progress.start('read \u001b[31mx', 4);
    progress.write('a line\n');
    bar.update(2);
    bar.stop();
    const controls = text()
      .split('\u001b')
      .slice(1)
      .map((after) => after.match(/^.\d*./)![0]);
    expect(new Set(controls)).toEqual(new Set(['[1G', '[0K', '[2K']));
    expect(text()).toContain('read \\x1b[31mx [');
    expect(text().endsWith('\u001b[1G\u001b[2K')).toBe(true);
  });

  it('listens for signals while a bar is there, and not longer', () => {
    const counts = () => ['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => process.listenerCount(signal));
    const before = counts();
    const progress = createTerminalProgress(terminal().stream);
    const [outer, inner] = [progress.start('outer', 1), progress.start('inner', 1)];
    expect(counts()).toEqual(before.map((count) => count + 1));
    inner.stop();
    expect(counts()).toEqual(before.map((count) => count + 1));
    outer.stop();
    outer.stop();
    expect(counts()).toEqual(before);
    progress.start('left open', 1);
    progress.close();
    expect(counts()).toEqual(before);
  });

  it('leaves no timer behind when it is closed with bars open', async () => {
    const { stream } = terminal();
    const progress = createTerminalProgress(stream);
    progress.start('outer', 10);
    progress.start('inner', 10);
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const open = timers();
    progress.close();
    expect(timers()).toBe(open - 1);
  });
});

describe('progress elsewhere', () => {
  it('says nothing of short work that counts nothing', async () => {
    const lines: string[] = [];
    const logger: Logger = {
      debug() {},
      info: (_, message) => void lines.push(message),
      warn() {},
      error() {},
    };
    const progress = createLoggedProgress(logger);
    expect(await during(progress, 'load weights', async () => 7)).toBe(7);
    const named = progress.start('tables', 0);
    named.update(0, { table: 'log' });
    named.stop();
    const counted = progress.start('rows', 0);
    counted.update(3);
    counted.stop();
    expect(lines).toEqual(['rows: end']);
  });

  it('is a line at the end, and none in between within a few seconds', () => {
    const lines: [object, string][] = [];
    const info = (fields: object, message: string) => void lines.push([fields, message]);
    const logger: Logger = { debug() {}, info, warn() {}, error() {} };
    const bar = createLoggedProgress(logger).start('epoch', 100);
    for (let done = 1; done < 100; done++) bar.update(done, { loss: 0.5 });
    bar.update(100.00000000000001, { loss: 0.5 });
    bar.stop();
    expect(lines).toEqual([
      [{ done: 100, total: 100, loss: 0.5, seconds: expect.any(Number) }, 'epoch: end'],
    ]);
  });
});
