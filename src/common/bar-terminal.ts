/**
 * The line of a terminal that a bar is drawn on, for cli-progress: its own saves the place of the cursor, which lines of
 * the log move, and switches off the wrapping of lines, which a process that is killed leaves so.
 */
import { clearLine, cursorTo } from 'node:readline';
import stringWidth from 'string-width';

/** A terminal that doesn't say how wide it is. */
const DEFAULT_COLUMNS = 80;

export type TerminalStream = NodeJS.WritableStream & { readonly columns?: number | undefined };

/** The part of cli-progress's terminal that a single bar uses. */
export function barTerminal(stream: TerminalStream) {
  const columns = () => stream.columns || DEFAULT_COLUMNS;
  const nothing = () => {};
  return {
    isTTY: () => true,
    getWidth: columns,
    cursorTo: (column: number) => cursorTo(stream, column),
    clearRight: () => clearLine(stream, 1),
    clearLine: () => clearLine(stream, 0),
    // The last column stays free: some terminals wrap there.
    write: (text: string) => stream.write(cut(text, columns() - 1)),
    cursorSave: nothing,
    cursorRestore: nothing,
    lineWrapping: nothing,
  };
}

/** What of a text fits into so many columns. */
function cut(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text;
  let fitting = '';
  let used = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    used += stringWidth(segment);
    if (used > columns) break;
    fitting += segment;
  }
  return fitting;
}
