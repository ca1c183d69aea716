/** What the benchmark tells the person who runs it, beside its tables. */
const startMs = Date.now();

export function say(text) {
  console.error(`bench  ${((Date.now() - startMs) / 1000).toFixed(1).padStart(6)}s  ${text}`);
}
