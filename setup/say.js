/** What setup tells the person who runs it. */

/** Something that the person can mend; its message is all that is printed. */
export class SetupError extends Error {}

const startMs = Date.now();

export function say(text) {
  console.error(`setup  ${((Date.now() - startMs) / 1000).toFixed(1).padStart(6)}s  ${text}`);
}
