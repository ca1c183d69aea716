/** How far long work is: one bar on a terminal, a logged line every few seconds elsewhere. */
import { clearLine, cursorTo } from 'node:readline';
import { SingleBar } from 'cli-progress';
import type { Logger, Progress, ProgressBar } from './context.js';

const BAR_UNITS = 24;
const LINE_INTERVAL_MS = 5000;

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
  done: number;
  fields: Fields;
  drawn: SingleBar | null;
}

/** The newest bar that is not stopped is the one drawn. */
export function createTerminalProgress(stream: NodeJS.WritableStream): TerminalProgress {
  let open: OpenBar[] = [];

  const draw = (bar: OpenBar) => {
    const known = bar.total > 0;
    bar.drawn = new SingleBar({
      stream,
      format: known
        ? '{title} [{bar}] {percentage}% {value}/{total} {eta_formatted} {fields}'
        : '{title} {value} {duration_formatted} {fields}',
      barsize: BAR_UNITS,
      barCompleteChar: '=',
      barIncompleteChar: ' ',
      clearOnComplete: true,
      forceRedraw: true,
    });
    bar.drawn.start(bar.total, bar.done, payloadOf(bar));
  };
  const hide = (bar: OpenBar | undefined) => {
    bar?.drawn?.stop();
    if (bar) bar.drawn = null;
  };

  return {
    start(title, total): ProgressBar {
      const bar: OpenBar = { title, total, done: 0, fields: {}, drawn: null };
      hide(open.at(-1));
      open.push(bar);
      draw(bar);
      return {
        update(done, fields = bar.fields) {
          bar.done = done;
          bar.fields = fields;
          bar.drawn?.update(done, payloadOf(bar));
        },
        stop() {
          hide(bar);
          open = open.filter((other) => other !== bar);
          const below = open.at(-1);
          if (below && !below.drawn) draw(below);
        },
      };
    },
    write(text) {
      const drawn = open.at(-1)?.drawn;
      if (drawn) {
        cursorTo(stream, 0);
        clearLine(stream, 0);
      }
      stream.write(text);
      drawn?.render();
    },
    close() {
      hide(open.at(-1));
      open = [];
    },
  };
}

/** For a stderr that is no terminal: lines of the log, at most one every five seconds and one at the end. */
export function createLoggedProgress(logger: Logger): Progress {
  return {
    start(title, total): ProgressBar {
      const begin = performance.now();
      let lastLine = begin;
      let state: Fields = { done: 0 };
      return {
        update(done, fields = {}) {
          state = { done, ...(total > 0 && { total }), ...fields };
          const now = performance.now();
          if (now - lastLine < LINE_INTERVAL_MS) return;
          lastLine = now;
          logger.info(state, title);
        },
        stop() {
          const seconds = Number(((performance.now() - begin) / 1000).toFixed(1));
          logger.info({ ...state, seconds }, `${title}: end`);
        },
      };
    },
  };
}

function payloadOf({ title, fields }: OpenBar): { title: string; fields: string } {
  const shown = Object.entries(fields).map(([name, value]) => `${name} ${value}`);
  return { title, fields: shown.join('  ') };
}
