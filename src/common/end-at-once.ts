/** Ends the process, whatever it still waits for. */
let end: (code: number) => void = (code) => process.exit(code);

export const endAtOnce = (code: number): void => end(code);

/** For who knows what Node would wait for even then. */
export function endBy(way: (code: number) => void): void {
  end = way;
}
