/** How far long work is: one bar on a terminal, a logged line every few seconds elsewhere. */
import { SingleBar } from 'cli-progress';
import { barTerminal, type TerminalStream } from './bar-terminal.js';
import type { Logger, Progress, ProgressBar } from './context.js';
import { onInterrupt } from './interrupted.js';
import { printable } from './printable.js';

const BAR_UNITS = 20;
const LINE_INTERVAL_MS = 5000;
/** A bar of so many units would say the same twice. */
const PERCENT = 100;

type Fields = Readonly<Record<string, string | number>>;

export interface TerminalProgress extends Progress {
  /** Writes text to the same terminal, above the bar. */
  write(text: string): void;
  /** Takes away the bars that an error left there. */
  close(): void;
}

interface OpenBar {
  readonly title: string;
  readonly total: number;
  readonly startMs: number;
  done: number;
  fields: Fields;
  drawn: SingleBar | null;
}

/** The newest bar that is not stopped is the one drawn, behind how far those that it is a part of are. */
export function createTerminalProgress(stream: TerminalStream): TerminalProgress {
  const terminal = barTerminal(stream);
  let open: OpenBar[] = [];

  const draw = (bar: OpenBar) => {
    const options = {
      terminal,
      format:
        bar.total > 0
          ? `{title} [{bar}] {percentage}%${bar.total === PERCENT ? '' : ' {value}/{total}'} {fields}{left}`
          : '{title} {counted}{duration_formatted} {fields}',
      barsize: BAR_UNITS,
      barCompleteChar: '=',
      barIncompleteChar: ' ',
      clearOnComplete: true,
      forceRedraw: true,
      formatValue: (value: number) => `${Math.floor(value)}`,
    };
    bar.drawn = new SingleBar(options);
    bar.drawn.start(bar.total, bar.done, payloadOf(bar, open));
  };
  const hide = (bar: OpenBar | undefined) => {
    bar?.drawn?.stop();
    if (bar) bar.drawn = null;
  };
  let forget = () => {};
  // After an interruption too: the shell goes on at the start of an empty line.
  const close = () => {
    hide(open.at(-1));
    open = [];
    forget();
  };

  return {
    start(title, total): ProgressBar {
      const bar: OpenBar = { title, total, startMs: performance.now(), done: 0, fields: {}, drawn: null };
      if (open.length === 0) forget = onInterrupt(close);
      hide(open.at(-1));
      open.push(bar);
      draw(bar);
      return {
        update(done, fields = bar.fields) {
          bar.done = done;
          bar.fields = fields;
          bar.drawn?.update(done, payloadOf(bar, open));
        },
        stop() {
          if (!open.includes(bar)) return;
          hide(bar);
          open = open.filter((other) => other !== bar);
          const below = open.at(-1);
          if (!below) close();
          else if (!below.drawn) draw(below);
        },
      };
    },
    write(text) {
      const drawn = open.at(-1)?.drawn;
      if (drawn) {
        terminal.cursorTo(0);
        terminal.clearLine();
      }
      stream.write(text);
      drawn?.render();
    },
    close,
  };
}

/**
 * Elsewhere: lines of the log, at most one every five seconds and one at the end; of short work that counts nothing, none.
 */
export function createLoggedProgress(logger: Logger): Progress {
  return {
    start(title, total): ProgressBar {
      const begin = performance.now();
      let lastLine = begin;
      let state: Fields = {};
      return {
        update(done, fields = {}) {
          state = { done: Math.round(10 * done) / 10, ...(total > 0 && { total }), ...fields };
          const now = performance.now();
          if (now - lastLine < LINE_INTERVAL_MS) return;
          lastLine = now;
          logger.info(state, title);
        },
        stop() {
          const elapsedMs = performance.now() - begin;
          if (total === 0 && !state.done && elapsedMs < LINE_INTERVAL_MS) return;
          const seconds = Number((elapsedMs / 1000).toFixed(1));
          logger.info({ ...state, seconds }, `${title}: end`);
        },
      };
    },
  };
}

/** `open` are all bars from the outermost on, `bar` the last of them. */
function payloadOf({ title, total, startMs, done, fields }: OpenBar, open: readonly OpenBar[]) {
  const around = open.slice(0, -1).map(({ title, total, done }) => {
    const share = total > 0 ? ` ${Math.floor(done)}/${total}` : '';
    return `${title}${share} > `;
  });
  const shown = Object.entries(fields).map(([name, value]) => `${name} ${value}`);
  // By the mean speed so far: that of the last moments is nothing wherever a step takes long.
  const leftMs = ((performance.now() - startMs) * (total - done)) / done;
  return {
    title: printable(around.join('') + title),
    counted: done > 0 ? `${done} ` : '',
    left: done > 0 && done < total ? `  ${durationText(leftMs)} left` : '',
    fields: printable(shown.join('  ')),
  };
}

/** 12s, 3m 20s, 2h 5m. */
function durationText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  if (hours > 0) return `${hours}h ${minutes}m`;
  return minutes > 0 ? `${minutes}m ${seconds % 60}s` : `${seconds}s`;
}
